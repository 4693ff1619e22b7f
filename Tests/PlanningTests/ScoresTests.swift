import Graph
import Steps
import TestSupport
import Testing

@testable import Planning

@Suite("Scores")
struct ScoresTests {
  @Test("rank nodes from the highest to the lowest, and keep the order of ties")
  func ranking() {
    func ranked(_ nodes: [Double]) -> [Int] {
      Scores(origin: .priming, modelIdentity: "", tensors: [:], nodes: [nodes]).rankedNodes(layer: 0)
    }
    #expect(ranked([1, 3, 2]) == [1, 2, 0])
    #expect(ranked([1, 3, 1, 3, 0]) == [1, 3, 0, 2, 4])
    #expect(ranked([0, -0.0, 0]) == [0, 1, 2])
    #expect(ranked(Array(repeating: 7, count: 100)) == Array(0..<100))
  }

  @Test("that diminish add up, the largest first, to the root of the sum", arguments: 0..<20)
  func roots(seed: Int) {
    var generator = SeededGenerator(seed: seed)
    let amounts = (0..<50).map { _ in Double(Int.random(in: 0...9, using: &generator)) }
    let increments = Scores.rootIncrements(amounts)
    #expect(increments.allSatisfy { $0 >= 0 })
    let order = amounts.indices.sorted { (amounts[$0], $1) > (amounts[$1], $0) }
    var (sum, total) = (0.0, 0.0)
    for part in order {
      sum += amounts[part]
      total += increments[part]
      #expect(abs(total - sum.squareRoot()) <= 1e-12 * max(1, total))
    }
  }

  @Test("of the prior are the square root of the parameters, weighted by depth")
  func prior() throws {
    let graph = EncoderGraph(.distilbertBase)
    let scores = Scores.prior(graph, modelIdentity: "x")
    #expect(scores.brokenRule(graph) == nil && scores.origin == .prior)
    for parameter in graph.parameters where !parameter.isSplitByNode {
      let group = graph.groups[parameter.group]
      let depth = group.layer.map { Double($0 + 1) / 6 } ?? (group.kind.isEmbedding ? 0.05 : 1)
      let score = try #require(scores.tensors[parameter.name])
      #expect(abs(score - depth * Double(parameter.count).squareRoot()) < 1e-9)
    }
    for layer in 0..<6 {
      for count in [1, 307, 3072] {
        let sum = scores.rankedNodes(layer: layer).prefix(count).reduce(0) { $0 + scores.nodes[layer][$1] }
        let expected = Double(layer + 1) / 6 * Double(count * (2 * 768 + 1)).squareRoot()
        #expect(abs(sum - expected) < 1e-6 * expected)
      }
    }
  }

  @Test("captured by a selection are what the planner counts for it, group by group", arguments: 0..<20)
  func captured(seed: Int) throws {
    var generator = SeededGenerator(seed: seed)
    let graph = randomEncoder(using: &generator)
    let scores = randomScores(graph, using: &generator)
    let space = try DecisionSpace(graph, scores: scores)
    for _ in 0..<20 {
      let chosen = space.randomChoice(using: &generator)
      let sum = space.score(chosen)
      #expect(abs(scores.captured(by: space.selection(chosen), of: graph) - sum) <= 1e-9 * max(1, sum))
      // Additive: every group brings what it brings alone.
      let alone = chosen.indices.map { group in
        let only = chosen.indices.map { $0 == group ? chosen[$0] : nil }
        return scores.captured(by: space.selection(only), of: graph)
      }
      #expect(abs(alone.reduce(0, +) - sum) <= 1e-9 * max(1, sum))
    }
  }

  @Test("count a first bias trained whole beside learners only for the nodes that are no learners")
  func firstBias() throws {
    let graph = EncoderGraph(.distilbertBase)
    let scores = Scores.prior(graph, modelIdentity: "x")
    let bias = try #require(graph.parameters.first { $0.nodeAxis != nil && $0.role == .bias })
    var selection = Selection.frozen(graph)
    selection.trainable = [bias.id]
    let alone = scores.captured(by: selection, of: graph)
    #expect(alone == scores.tensors[bias.name])
    selection.retained[0] = 3072
    let whole = scores.captured(by: selection, of: graph)
    selection.trainable = []
    #expect(whole == scores.captured(by: selection, of: graph))
  }

  @Test("captured by a plan made elsewhere are those of the nodes that it names", arguments: 0..<5)
  func named(seed: Int) throws {
    var generator = SeededGenerator(seed: seed)
    let graph = EncoderGraph(.distilbertBase)
    let scores = randomScores(graph, using: &generator)
    var selection = Selection.frozen(graph)
    selection.retained = [0, 3, 3, 3072, 1, 0]
    let named = [[], [5, 7, 3071], [5, 7], [], [9], []]
    let request = PlanRequest(
      graph: graph, modelName: "x", modelIdentity: "x", recipe: Recipe(batch: 1, sequence: 8), scores: scores,
      budgetBytes: 0, mappedFree: false, runtimeBytes: 0)
    let plan = Plan.given(selection, request, keeping: named)
    let best = scores.rankedNodes(layer: 2).prefix(3).sorted()
    #expect(plan.learnerNodes == [[], [5, 7, 3071], best, [], [9], []])
    var captured = scores.nodes[3].reduce(0, +)
    for (layer, nodes) in plan.learnerNodes.enumerated() {
      for node in nodes { captured += scores.nodes[layer][node] }
    }
    #expect(abs(plan.objective - captured / scores.captured(by: .full(graph), of: graph)) <= 1e-12)
  }
}
