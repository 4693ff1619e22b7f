import Graph
import Steps
import TestSupport
import Testing

@testable import Training

@Suite("Priming in turns")
struct PrimingTurnsTests {
  private func graph(_ seed: Int) -> EncoderGraph {
    var generator = SeededGenerator(seed: seed)
    return EncoderGraph(
      EncoderConfiguration(
        family: ModelFamily.allCases.randomElement(using: &generator) ?? .bert, vocabularySize: 50,
        maximumPositions: 16, hiddenSize: 8, feedForwardSize: Int.random(in: 4...24, using: &generator),
        layerCount: Int.random(in: 1...2, using: &generator), headCount: 2))
  }

  @Test("trains every tensor and node exactly once, the head always, and each turn fits", arguments: 0..<10)
  func cover(seed: Int) throws {
    let graph = graph(seed)
    var generator = SeededGenerator(seed: seed)
    let template = StepTemplate(
      graph,
      Recipe(batch: 2, sequence: 8, optimizer: Optimizer.allCases.randomElement(using: &generator) ?? .sgd))
    func bytes(_ turn: PrimingTurn) -> Int { StepProgram(template, turn.selection).peakBytes }
    let least = bytes(.head(graph))
    let most = StepProgram(template, .full(graph)).peakBytes
    for _ in 0..<2 {
      let budget = Int.random(in: least...most, using: &generator)
      let cut = PrimingTurns(graph) { bytes($0) <= budget }
      var tensors = graph.parameters.map { _ in 0 }
      var nodes = graph.groups.compactMap(\.layer).reduce(into: [Int: [Int]]()) { counts, layer in
        counts[layer] = Array(repeating: 0, count: graph.configuration.feedForwardSize)
      }
      for turn in cut.turns {
        #expect(bytes(turn) <= budget, "budget \(budget)")
        #expect(turn.selection.retained == turn.nodes.map(\.count))
        for id in turn.selection.trainable { tensors[id] += 1 }
        for (layer, range) in turn.nodes.enumerated() { for node in range { nodes[layer]?[node] += 1 } }
      }
      for parameter in graph.parameters where parameter.nodeAxis == nil {
        let isHead = graph.groups[parameter.group].kind == .head
        let expected = isHead ? cut.turns.count : cut.unscored.contains(parameter.name) ? 0 : 1
        #expect(tensors[parameter.id] == expected, "\(parameter.name), budget \(budget)")
      }
      for (layer, counts) in nodes {
        let expected = cut.unscored.contains("layer \(layer)'s nodes") ? 0 : 1
        #expect(counts.allSatisfy { $0 == expected }, "layer \(layer), budget \(budget)")
      }
    }
  }

  @Test("takes one turn where everything fits, and none where only the head does")
  func extremes() {
    let graph = graph(1)
    let all = PrimingTurns(graph) { _ in true }
    #expect(all.turns.count == 1 && all.unscored.isEmpty)
    #expect(
      all.turns.first.map { $0.selection.trainedCount(of: graph) }
        == Selection.full(graph).trainedCount(of: graph))
    let none = PrimingTurns(graph) { _ in false }
    let pairs = graph.configuration.layerCount
    let rest = graph.parameters.filter { $0.nodeAxis == nil && graph.groups[$0.group].kind != .head }
    #expect(none.turns.isEmpty && none.unscored.count == rest.count + pairs)
  }
}
