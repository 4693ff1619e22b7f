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
