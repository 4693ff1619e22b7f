import Graph
import Simulation
import TestSupport
import Testing

@testable import Steps

@Suite("The arena")
struct PackingTests {
  static let shapes: [(ModelFamily, hidden: Int, feedForward: Int, layers: Int, batch: Int, sequence: Int)] = [
    (.distilbert, 768, 3072, 6, 8, 64), (.distilbert, 768, 3072, 6, 16, 128), (.bert, 384, 1536, 6, 16, 64),
    (.bert, 768, 3072, 12, 4, 32), (.bert, 128, 512, 2, 1, 16),
  ]

  @Test(
    "it is within 1 % of the most bytes alive at once, for every shape, selection and policy",
    arguments: shapes.indices, Saving.uniforms)
  func tight(index: Int, saving: Saving) {
    let shape = Self.shapes[index]
    let graph = EncoderGraph(
      EncoderConfiguration(
        family: shape.0, vocabularySize: 30522, hiddenSize: shape.hidden, feedForwardSize: shape.feedForward,
        layerCount: shape.layers, headCount: 12 * shape.hidden / 768 == 0 ? 2 : 12 * shape.hidden / 768))
    let template = StepTemplate(
      graph, Recipe(batch: shape.batch, sequence: shape.sequence, threads: 4, saving: saving))
    var far = Selection.full(graph)
    far.retained = far.retained.map { $0 / 10 }
    var biases = Selection.frozen(graph)
    for parameter in graph.parameters where parameter.role.isAdditive { biases.trainable.insert(parameter.id) }
    for (name, selection) in [
      ("full", Selection.full(graph)), ("far", far), ("biases", biases), ("frozen", .frozen(graph)),
    ] {
      let simulation = Simulation(TrainingStep(template, selection))
      #expect(
        simulation.packingOverhead <= 0.01,
        "\(name): \(simulation.peakBytes) bytes for \(simulation.livePeakBytes) alive")
    }
  }

  @Test("layers that save differently, and batches in parts, waste nothing")
  func mixed() {
    let graph = EncoderGraph(
      EncoderConfiguration(
        family: .bert, vocabularySize: 30522, hiddenSize: 256, feedForwardSize: 1024, layerCount: 4,
        headCount: 4))
    var recipe = Recipe(batch: 16, sequence: 128, accumulation: 16, threads: 2)
    recipe.saving = Saving(layers: [.recompute, .recompute, .recompute, .keep])
    recipe.frozenWeights = .int8
    let template = StepTemplate(graph, recipe)
    for (percent, first) in [10, 20, 40, 100].flatMap({ percent in (0..<4).map { (percent, $0) } }) {
      var selection = Selection.frozen(graph)
      for parameter in graph.parameters where !parameter.isSplitByNode {
        let layer = graph.groups[parameter.group].layer
        if layer.map({ $0 >= first }) ?? parameter.isHead { selection.trainable.insert(parameter.id) }
      }
      selection.retained = (0..<4).map { $0 < first ? 0 : graph.configuration.feedForwardSize * percent / 100 }
      let simulation = Simulation(TrainingStep(template, selection))
      #expect(
        simulation.packingOverhead == 0, "\(percent) % of layers from \(first): \(simulation.packingOverhead)")
    }
  }

  @Test("random buffers never overlap and never need less than what lives at once", arguments: 0..<30)
  func random(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let items = (0..<60).map { _ in
      let first = Int.random(in: 0..<50, using: &generator)
      return ArenaPacking.Item(
        bytes: 64 * Int.random(in: 1...40, using: &generator),
        lifetime: first...(first + Int.random(in: 0..<20, using: &generator)))
    }
    let packing = ArenaPacking(items)
    #expect(packing.size >= packing.lowerBound)
    for i in items.indices {
      #expect(packing.offsets[i] + items[i].bytes <= packing.size)
      for j in items.indices where j > i && items[i].lifetime.overlaps(items[j].lifetime) {
        let apart =
          packing.offsets[i] + items[i].bytes <= packing.offsets[j]
          || packing.offsets[j] + items[j].bytes <= packing.offsets[i]
        #expect(apart, "items \(i) and \(j), seed \(seed)")
      }
    }
  }

  @Test("no buffers need no bytes")
  func empty() { #expect(ArenaPacking([]).size == 0) }
}
