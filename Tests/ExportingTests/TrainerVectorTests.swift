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
    try #require(!cases.isEmpty, "\(name) has no case")
    for vector in cases {
      let files = try vector.files.map {
        ExportedFile(
          name: $0.name, text: vectors.strings(try #require(vectors.texts[$0.text])).joined(separator: "\n"))
      }
      let names = vectors.strings(vector.trained + vector.frozen)
      let trained = try ExportTargets.named(name).rule(files).trained(among: names)
      #expect(trained == Set(vectors.strings(vector.trained)), "\(name), \(vector.plan)")
    }
  }

  @Test(
    "a file has what its trainer was found to need",
    arguments: [
      // "Missing out variants: {'aten::_scaled_dot_product_flash_attention_for_cpu_backward'}"
      ("executorch", "with sdpa_kernel(SDPBackend.MATH):"),
      // Otherwise a token, and so a row of the word table, is added.
      ("flair", "\"use_context_separator\": False"),
      // The folder of the artifacts is not made.
      ("onnxruntime", "os.makedirs(directory, exist_ok=True)"),
    ])
  func needs(target: String, text: String) throws {
    let graph = smallEncoder(.bert)
    let outcome = try Export.make(
      .given(.full(graph), request(graph)), for: ExportTargets.named(target), producer: "test")
    guard case .exact(let export) = outcome else {
      Issue.record("everything is a plan of \(target)")
      return
    }
    #expect(export.files[0].text.contains(text))
  }

  // confection, spaCy's parser: "Error parsing config section. Perhaps a section name is wrong?"
  @Test("spaCy's sections all have their parents before them, and a frozen encoder comes from a saved pipeline")
  func sections() throws {
    let graph = smallEncoder(.bert)
    for (spec, names) in [(TrainSpec.full, ["spacy.cfg"]), (.head, ["spacy.cfg", "spacy_encoder.cfg"])] {
      let plan = Plan.given(spec.selection(graph), request(graph))
      guard case .exact(let export) = try Export.make(plan, for: SpaCy(), producer: "test") else {
        Issue.record("\(spec) is a plan of spaCy's")
        return
      }
      let files = export.files.filter { $0.name.hasSuffix(".cfg") }
      #expect(files.map(\.name) == names)
      for file in files {
        var seen: Set<String> = []
        for section in file.text.matches(of: /(?m)^\[([a-z_.]+)\]$/).map({ String($0.1) }) {
          let parent = section.split(separator: ".").dropLast().joined(separator: ".")
          #expect(parent.isEmpty || seen.contains(parent), "\(section)")
          seen.insert(section)
        }
        // Where both stand, spaCy takes the factory.
        let isMade = file.text.contains("\nfactory = ")
        #expect(
          isMade != file.text.contains("\nsource = ") && isMade == seen.contains("components.transformer.model")
        )
      }
      #expect(files[0].text.contains("\nsource = ") == (names.count == 2))
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
    let trained: [Int]
    let frozen: [Int]
  }

  /// Every line and every tensor's name, once; all else gives places among them.
  let strings: [String]
  /// The lines of each text.
  let texts: [String: [Int]]
  let cases: [Case]

  func strings(_ places: [Int]) -> [String] { places.map { strings[$0] } }

  static func read() throws -> TrainerVectors {
    let url = try #require(
      Bundle.module.url(forResource: "trainers", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(TrainerVectors.self, from: Data(contentsOf: url))
  }
}
