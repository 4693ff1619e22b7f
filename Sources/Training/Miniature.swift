import Checkpoints
import Engine
import Graph
import Kernels
import Steps

/// A step and an evaluation of a tiny encoder, run before the baseline is read.
///
/// It touches the code and the heap that training will touch, in an arena of a few pages that is gone afterwards, so that what a process
/// has resident then is what it will have beside its arena and weights.
enum Miniature {
  static func run(_ recipe: Recipe, _ context: KernelContext, like configuration: EncoderConfiguration) throws {
    let hasProjection = configuration.embeddingSize != configuration.hiddenSize
    let graph = EncoderGraph(
      EncoderConfiguration(
        family: configuration.family, vocabularySize: 16,
        maximumPositions: 8 + configuration.family.firstPosition, embeddingSize: hasProjection ? 4 : nil,
        hiddenSize: 8, feedForwardSize: 8, layerCount: 1, headCount: 2, activation: configuration.activation,
        problem: configuration.problem))
    // Split, so that both slices of a feed-forward pair run; everything then lives in the arena.
    var selection = Selection.full(graph)
    selection.retained = [4]
    var small = recipe
    (small.batch, small.sequence, small.accumulation) = (2, 4, min(recipe.accumulation, 2))
    small.saving = Saving(recipe.saving.policies.max { $0.work < $1.work } ?? .keep)
    let engine = try Engine(
      StepProgram(graph, small, selection), source: RandomWeights(seed: 0), learnerNodes: [[0, 1, 2, 3]],
      context: context, seed: 0)
    try engine.loadWeights()
    var feeder = BatchFeeder(recipe: small, configuration: graph.configuration, data: nil, seed: 0)
    feeder.fillLargest()
    _ = try engine.train(feeder.batch, step: 1, UpdateSettings(learningRate: 1e-4))
    feeder.fillLargest(sequences: small.microBatch)
    try engine.evaluate(feeder.batch) { _, _ in }
    for parameter in graph.parameters { try engine.readTensor(parameter) { _ in } }
    _ = Residency(engine).untouched()
  }
}

extension SavingPolicy {
  /// More for policies that run more kernels.
  fileprivate var work: Int {
    switch self {
    case .keep: 0
    case .cheap: 1
    case .recompute: 2
    }
  }
}
