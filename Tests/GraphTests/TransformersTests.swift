import Foundation
import Graph
import Testing

/// The tensors and the dropout of one small model in transformers; Scripts/make-names-reference.py writes them.
private struct Reference: Decodable {
  let label: String
  let family: ModelFamily
  let embeddingSize: Int
  let shared: [String: [Int]]
  /// By problem: what the head adds.
  let heads: [String: [String: [Int]]]
  /// By problem: the rates in the order in which a forward pass drops out.
  let dropout: [String: [Double]]

  static func read() throws -> [Reference] {
    let file = try #require(
      Bundle.module.url(forResource: "transformers", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode([Reference].self, from: Data(contentsOf: file))
  }

  func graph(_ problem: Problem) -> EncoderGraph {
    EncoderGraph(
      EncoderConfiguration(
        family: family, vocabularySize: 29, maximumPositions: 19, embeddingSize: embeddingSize, hiddenSize: 12,
        feedForwardSize: 20, layerCount: 2, headCount: 3, hiddenDropout: 0.125, attentionDropout: 0.25,
        classifierDropout: family == .distilbert && problem == .span ? 0.375 : 0.5, problem: problem))
  }
}

@Suite("Beside transformers' own models")
struct TransformersTests {
  private let problems: [(name: String, problem: Problem)] = [
    ("classification", .classification(labels: 3)), ("regression", .regression),
    ("multiLabel", .multiLabel(labels: 5)), ("span", .span),
  ]

  @Test("names and shapes are those of transformers, for every family and head")
  func tensors() throws {
    let cases = try Reference.read()
    #expect(Set(cases.map(\.family)) == Set(ModelFamily.allCases))
    for reference in cases {
      #expect(reference.heads.count == problems.count)
      for (name, problem) in problems {
        let graph = reference.graph(problem)
        let head = try #require(reference.heads[name])
        let found = graph.parameters.map { (graph.qualifiedName($0), $0.shape) }
        #expect(
          Dictionary(uniqueKeysWithValues: found) == reference.shared.merging(head) { $1 },
          "\(reference.label), \(name)")
        #expect(graph.brokenInvariants() == [], "\(reference.label), \(name)")
      }
    }
  }

  @Test("dropout stands where transformers has it, for every family and head")
  func dropout() throws {
    for reference in try Reference.read() {
      for (name, problem) in problems {
        let rates = reference.graph(problem).operators.compactMap { placed -> Double? in
          switch placed.operation {
          case .dropout(let site, _, _), .norm(_, _, _, _, let site, _), .attention(_, _, _, _, let site, _):
            site.probability > 0 ? site.probability : nil
          default: nil
          }
        }
        #expect(rates == reference.dropout[name], "\(reference.label), \(name)")
      }
    }
  }

  @Test("names carry the family's prefix except on the head, and lose it again")
  func prefixes() throws {
    for reference in try Reference.read() {
      for (_, problem) in problems {
        let graph = reference.graph(problem)
        for parameter in graph.parameters {
          let name = graph.qualifiedName(parameter)
          #expect(name.hasPrefix(reference.family.namePrefix) != parameter.isHead)
          #expect(graph.canonicalName(name) == parameter.name)
          #expect(graph.canonicalName(parameter.name) == parameter.name)
        }
      }
    }
  }
}
