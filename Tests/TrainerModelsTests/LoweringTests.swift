import Graph
import Simulation
import Steps
import TestSupport
import Testing

@testable import TrainerModels

private func encoder(
  _ family: ModelFamily, layers: Int = 2, dropout: Double = 0.1, problem: Problem = .classification(labels: 2)
) -> EncoderGraph {
  EncoderGraph(
    EncoderConfiguration(
      family: family, vocabularySize: 61, maximumPositions: 40, embeddingSize: family == .electra ? 12 : nil,
      hiddenSize: 24, feedForwardSize: 40, layerCount: layers, headCount: 3, hiddenDropout: dropout,
      attentionDropout: dropout, problem: problem))
}

private func random(_ graph: EncoderGraph, using generator: inout SeededGenerator) -> Selection {
  var selection = Selection.frozen(graph)
  for parameter in graph.parameters where !parameter.isSplitByNode {
    if Bool.random(using: &generator) { selection.trainable.insert(parameter.id) }
  }
  for layer in selection.retained.indices {
    selection.retained[layer] = [0, 7, 40].randomElement(using: &generator) ?? 0
  }
  return selection
}

@Suite("PyTorch's step")
struct LoweringTests {
  @Test(
    "reads nothing before it is written, and charges no less when more trains",
    arguments: ModelFamily.allCases, [Problem.classification(labels: 3), .regression, .span])
  func sound(family: ModelFamily, problem: Problem) {
    var generator = SeededGenerator(seed: 5)
    let graph = encoder(family, problem: problem)
    for trainer in [TrainerModel.pytorch, .pytorchCUDA] {
      for saving in [Saving.keep, .recompute, Saving(layers: [.recompute, .keep])] {
        for accumulation in [1, 3] {
          let recipe = Recipe(batch: 3, sequence: 9, accumulation: accumulation, saving: saving)
          let template = trainer.template(graph, recipe)
          for _ in 0..<4 {
            let selection = random(graph, using: &generator)
            let step = TrainingStep(template, selection)
            #expect(step.brokenInvariants() == [], "seed 5, \(trainer), \(recipe), \(selection)")
            #expect(step.peakBytes <= TrainingStep(template, .full(graph)).peakBytes)
            #expect(step.mappedBytes == 0)
          }
        }
      }
    }
  }

  @Test("trains nothing for the bytes of forward alone: no gradient, no state, nothing saved")
  func frozen() {
    let graph = encoder(.bert)
    let step = TrainingStep(TrainerModel.pytorch.template(graph, Recipe(batch: 2, sequence: 8)), .frozen(graph))
    #expect(step.buffers.allSatisfy { ![.gradients, .optimizer, .activations].contains($0.category) })
  }

  @Test("keeps a gradient of every trained tensor, whole tables included, until the step's end")
  func gradients() {
    let graph = encoder(.roberta)
    let step = TrainingStep(TrainerModel.pytorch.template(graph, Recipe(batch: 2, sequence: 8)), .full(graph))
    let gradients = step.buffers.filter { $0.category == .gradients }
    #expect(gradients.reduce(0) { $0 + $1.bytes } == 4 * graph.parameterCount)
    let lastUpdate = step.kernels.lastIndex { if case .update = $0.operation { true } else { false } }
    #expect(gradients.allSatisfy { ($0.lifetime?.upperBound ?? 0) > lastUpdate ?? .max })
  }

  /// s·b·h·(34 + 5·a·s/h) bytes a layer in half precision with dropout (Korthikanti et al., arXiv 2205.05198, equation
  /// 2), and two LayerNorms' mean and deviation in F32, which it leaves out.
  @Test("saves what Korthikanti et al. count for a layer", arguments: [(2, 16), (3, 9), (1, 40)])
  func published(batch: Int, sequence: Int) {
    func saved(_ layers: Int) -> Int {
      let graph = encoder(.bert, layers: layers)
      let template = TrainerModel.pytorchCUDA.template(
        graph, Recipe(batch: batch, sequence: sequence),
        PyTorchOptions(attention: .eager, precision: .bfloat16))
      let step = TrainingStep(template, .full(graph))
      // Without the allocator's rounding.
      return step.buffers.filter { $0.category == .activations }
        .reduce(0) { $0 + $1.format.bytes(rows: $1.rows, columns: $1.columns) }
    }
    let (hidden, heads, nodes) = (24, 3, 40)
    let tokens = batch * sequence
    // 34 is for feed-forward layers of 4h nodes, of which two tensors in half precision are saved.
    let perLayer =
      tokens * hidden * 34 - 2 * 2 * tokens * (4 * hidden - nodes) + 5 * heads * batch * sequence * sequence
    #expect(saved(3) - saved(2) == perLayer + 4 * 4 * tokens)
  }

  @Test("foreach needs all trained tensors once more, a loop a few of the largest, fused nothing")
  func updates() {
    let graph = encoder(.distilbert)
    func temporaries(_ loop: PyTorchOptions.UpdateLoop, _ optimizer: Optimizer) -> Int {
      let step = TrainingStep(
        TrainerModel.pytorch.template(
          graph, Recipe(batch: 1, sequence: 2, optimizer: optimizer), PyTorchOptions(updateLoop: loop)),
        .full(graph))
      let live = step.liveBytes()
      let updates = step.kernels.indices.filter { step.kernels[$0].phase == .update }
      let states = 4 * graph.parameterCount * (optimizer == .adamw ? 2 : 0)
      let inputs = step.buffers.reduce(0) { $0 + ($1.category == .inputs ? $1.bytes : 0) }
      return (updates.map { live[$0] }.max() ?? 0) - 2 * 4 * graph.parameterCount - states - inputs
    }
    let matrices = graph.parameters.filter(\.role.decays).map { 4 * $0.count }
    #expect(temporaries(.foreach, .adamw) == matrices.reduce(0, +))
    // The word table's two, or a feed-forward pair's second two beside one of the first.
    #expect(temporaries(.forLoop, .adamw) == max(2 * 4 * 61 * 24, 3 * 4 * 24 * 40))
    #expect(temporaries(.fused, .adamw) == 0)
    #expect(temporaries(.foreach, .sgd) == matrices.reduce(0, +))
    #expect(temporaries(.forLoop, .sgd) == matrices.max())
  }

  @Test("knows the optimizers of torch.optim only, and one format for all weights")
  func refusals() throws {
    for optimizer in Optimizer.allCases {
      let recipe = Recipe(batch: 1, sequence: 2, optimizer: optimizer)
      try TrainerModel.permafrost.check(recipe)
      if [.adamw, .sgd, .sgdMomentum].contains(optimizer) {
        try TrainerModel.pytorch.check(recipe)
      } else {
        #expect(throws: TrainerModelError.optimizer(optimizer, .pytorch)) {
          try TrainerModel.pytorch.check(recipe)
        }
      }
    }
    #expect(throws: TrainerModelError.frozenWeights(.int8, .pytorchCUDA)) {
      try TrainerModel.pytorchCUDA.check(Recipe(batch: 1, sequence: 2, frozenWeights: .int8))
    }
  }
}
