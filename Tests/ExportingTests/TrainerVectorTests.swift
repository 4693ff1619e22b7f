import Foundation
import Testing

@testable import Exporting

/// What the trainers themselves made of emitted files, as `Scripts/check-exports --vectors` wrote it down.
@Suite("What the trainers reported")
struct TrainerVectorTests {
  private static let targets = ExportTargets.names.filter { $0 != TinyTraining().name }

  @Test("is what our own matching makes of the same text", arguments: targets)
  func matching(name: String) throws {
    let vectors = try TrainerVectors.read()
    let cases = vectors.cases.filter { $0.target == name }
    try #require(!cases.isEmpty || vectors.unchecked.contains(name), "\(name) has no case")
    for vector in cases {
      let files = try vector.files.map {
        ExportedFile(name: $0.name, text: try #require(vectors.texts[$0.text]))
      }
      let trained = try ExportTargets.named(name).rule(files).trained(among: vector.trained + vector.frozen)
      #expect(trained == Set(vector.trained), "\(name), \(vector.plan)")
    }
  }
}

private struct TrainerVectors: Decodable {
  struct Case: Decodable {
    struct File: Decodable {
      let name: String
      /// Its key among the texts.
      let text: String
    }

    let target: String
    let plan: String
    /// The main file first.
    let files: [File]
    let trained: [String]
    let frozen: [String]
  }

  let texts: [String: String]
  let cases: [Case]
  /// Targets whose trainer could not be run where the vectors were made.
  let unchecked: [String]

  static func read() throws -> TrainerVectors {
    let url = try #require(
      Bundle.module.url(forResource: "trainers", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(TrainerVectors.self, from: Data(contentsOf: url))
  }
}
