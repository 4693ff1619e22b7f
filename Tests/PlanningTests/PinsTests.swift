import Graph
import Steps
import TestSupport
import Testing

@testable import Planning

@Suite("Pins")
struct PinsTests {
  private let graph = EncoderGraph(
    EncoderConfiguration(
      family: .bert, vocabularySize: 97, maximumPositions: 24, hiddenSize: 16, feedForwardSize: 40,
      layerCount: 3, headCount: 4))

  private func space(_ pins: Pins) throws -> DecisionSpace {
    try DecisionSpace(graph, scores: .prior(graph, modelIdentity: ""), pins: pins)
  }

  private func parameters(_ match: (Parameter) -> Bool) -> Set<ParameterID> {
    Set(graph.parameters.filter(match).map(\.id))
  }

  @Test("name tensors by shell patterns, as the checkpoint does or without the family's prefix")
  func patterns() throws {
    for pattern in ["encoder.layer.[01].*", "bert.encoder.layer.[01].*"] {
      let resolved = try Pins(freeze: [pattern]).resolved(graph)
      #expect(
        resolved.frozen == parameters { graph.groups[$0.group].layer.map { $0 < 2 } ?? false }, "\(pattern)")
    }
    #expect(try Pins(train: ["classifier*"]).resolved(graph).required == parameters(\.isHead))
    #expect(throws: PlanError.unmatchedPattern("layer.0")) { try space(Pins(freeze: ["layer.0"])) }
  }

  @Test("leave no two ways to train a group that are alike")
  func distinct() throws {
    for frozen in [["*.weight"], ["*.bias"], ["*.query.weight", "*.output.*"]] {
      let pins = Pins(freeze: frozen)
      for choice in try space(pins).choices {
        let ways = choice.options.map { "\($0.trainable) \($0.retained)" }
        #expect(Set(ways).count == ways.count, "\(choice.group.name): \(choice.options.map(\.label))")
      }
    }
  }

  @Test("are kept by every choice there is: what must train does, what must not does not")
  func kept() throws {
    var generator = SeededGenerator(seed: 3)
    for pins in [
      Pins(train: ["*.query.*"]), Pins(freeze: ["*.bias"]), Pins(freeze: ["*embeddings*"]),
      Pins(train: ["*.0.*.LayerNorm.*"], freeze: ["*.2.*"]), Pins(minimumRetention: 33),
      Pins(train: ["*.1.intermediate.*"], minimumRetention: 10),
    ] {
      let resolved = try pins.resolved(graph)
      let space = try space(pins)
      var choices = [space.minimal, space.full]
      for _ in 0..<50 { choices.append(space.randomChoice(using: &generator)) }
      for selection in choices.map(space.selection) {
        for parameter in graph.parameters {
          let trained = selection.trainedCount(parameter, of: graph)
          if resolved.frozen.contains(parameter.id) { #expect(trained == 0, "\(pins): \(parameter.name)") }
          if resolved.required.contains(parameter.id) {
            #expect(trained == parameter.count, "\(pins): \(parameter.name)")
          }
        }
        #expect(selection.retained.allSatisfy { $0 >= resolved.leastNodes }, "\(pins)")
      }
    }
  }

  @Test("a least retention is never undercut by rounding")
  func retention() throws {
    for percent in 0...100 {
      let nodes = try Pins(minimumRetention: percent).resolved(graph).leastNodes
      #expect(nodes * 100 >= percent * 40 && (nodes - 1) * 100 < percent * 40)
    }
  }

  @Test("the head trains, unless it is frozen by name")
  func head() throws {
    let head = parameters(\.isHead)
    #expect(try space(Pins()).selection(space(Pins()).minimal).trainable == head)
    let frozen = try space(Pins(freeze: ["classifier*"]))
    #expect(frozen.selection(frozen.full).trainable.isDisjoint(with: head))
    #expect(frozen.selection(frozen.minimal).trainable.isEmpty)
  }

  @Test("that contradict each other, or leave nothing, are one error")
  func contradictions() {
    for pins in [
      Pins(train: ["*.query.weight"], freeze: ["*.0.*"]), Pins(freeze: ["*"]),
      Pins(freeze: ["*.intermediate.*"], minimumRetention: 5),
    ] {
      #expect(throws: PlanError.self, "\(pins)") { try space(pins) }
    }
  }

  @Test("count shares of everything, whatever is pinned")
  func shares() throws {
    let free = try space(Pins())
    let pinned = try space(Pins(freeze: ["*embeddings*"]))
    #expect(pinned.totalScore == free.totalScore && pinned.mostShare < 1 && free.mostShare == 1)
  }
}
