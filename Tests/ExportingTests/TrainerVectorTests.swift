import Foundation
import Planning
import Steps
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

  // confection, spaCy's parser: "Error parsing config section. Perhaps a section name is wrong?"
  @Test("spaCy's sections all have their parents before them")
  func sections() throws {
    let graph = smallEncoder(.bert)
    let plan = Plan.given(.full(graph), request(graph))
    guard case .exact(let export) = try Export.make(plan, for: SpaCy(), producer: "test") else {
      Issue.record("everything is a plan of spaCy's")
      return
    }
    var seen: Set<String> = []
    for section in export.files[0].text.matches(of: /(?m)^\[([a-z.]+)\]$/).map({ String($0.1) }) {
      let parent = section.split(separator: ".").dropLast().joined(separator: ".")
      #expect(parent.isEmpty || seen.contains(parent), "\(section)")
      seen.insert(section)
    }
    #expect(seen.contains("components.transformer.model"))
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
