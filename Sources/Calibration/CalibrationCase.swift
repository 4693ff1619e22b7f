import Checkpoints
import Engine
import Graph
import Kernels
import Steps

/// One layer of a made-up encoder and what trains of it: a small step whose kernels are measured.
struct CalibrationCase: Sendable {
  var hidden: Int
  var nodes: Int
  var heads: Int
  var batch: Int
  var sequence: Int
  var vocabulary = 2048
  /// Learner nodes of the feed-forward pair, in percent; below 100 it runs as two slices.
  var learners = 100
  var activation = Graph.Activation.gelu
  var optimizer = Optimizer.adamw
  var frozenWeights = Steps.WeightFormat.float32
  var clips = false

  func program(threads: Int) -> StepProgram {
    let graph = EncoderGraph(
      EncoderConfiguration(
        family: .bert, vocabularySize: vocabulary, maximumPositions: max(sequence, 64), hiddenSize: hidden,
        feedForwardSize: nodes, layerCount: 1, headCount: heads, activation: activation))
    var selection = Selection.full(graph)
    if frozenWeights != .float32 {
      // Only the lowest tensors train, so that gradients pass through everything that is frozen.
      selection = .frozen(graph)
      for group in graph.groups where group.kind == .wordEmbeddings { selection.train(group, of: graph) }
    } else if learners < 100 {
      for parameter in graph.parameters where parameter.nodeAxis != nil {
        selection.trainable.remove(parameter.id)
      }
      selection.retained = [nodes * learners / 100]
    }
    let recipe = Recipe(
      batch: batch, sequence: sequence, optimizer: optimizer, maximumGradientNorm: clips ? 1 : nil,
      threads: threads, saving: Saving(.cheap), frozenWeights: frozenWeights)
    return StepProgram(graph, recipe, selection)
  }
}

extension CalibrationCase {
  private static func encoder(
    _ hidden: Int, heads: Int, _ batch: Int, _ sequence: Int, learners: Int = 100
  ) -> CalibrationCase {
    CalibrationCase(
      hidden: hidden, nodes: 4 * hidden, heads: heads, batch: batch, sequence: sequence, learners: learners)
  }

  /// Sizes from the smallest encoders to a base model's layer, whole and split by node; every optimizer, format and activation.
  static let all: [CalibrationCase] =
    [
      encoder(128, heads: 2, 1, 64), encoder(128, heads: 4, 8, 16), encoder(128, heads: 2, 4, 128),
      encoder(256, heads: 4, 1, 128, learners: 10), encoder(256, heads: 4, 4, 64, learners: 50),
      encoder(256, heads: 4, 2, 512), encoder(384, heads: 12, 1, 64, learners: 10),
      encoder(384, heads: 12, 8, 128), encoder(384, heads: 12, 4, 64), encoder(512, heads: 8, 1, 32),
      encoder(512, heads: 8, 4, 64, learners: 10), encoder(768, heads: 12, 1, 128),
      encoder(768, heads: 12, 8, 64, learners: 10), encoder(768, heads: 12, 8, 128),
      encoder(768, heads: 12, 16, 128),
    ] + variants(256, heads: 4, 2, 64, vocabulary: 4096)
    + Steps.WeightFormat.allCases.filter { $0 != .float32 }.flatMap { format in
      [encoder(256, heads: 4, 1, 64), encoder(512, heads: 8, 4, 64), encoder(384, heads: 6, 8, 16)].map {
        var variant = $0
        variant.frozenWeights = format
        return variant
      }
    }

  /// A few tiny steps with every class of kernel.
  static let quick: [CalibrationCase] =
    [encoder(64, heads: 2, 2, 16, learners: 50), encoder(96, heads: 2, 4, 16), encoder(64, heads: 2, 1, 64)]
    + variants(64, heads: 2, 2, 16, vocabulary: 256)
    + Steps.WeightFormat.allCases.filter { $0 != .float32 }.map {
      var variant = encoder(64, heads: 2, 2, 32)
      variant.frozenWeights = $0
      return variant
    }

  /// Each optimizer, with clipping, and each activation.
  private static func variants(
    _ hidden: Int, heads: Int, _ batch: Int, _ sequence: Int, vocabulary: Int
  ) -> [CalibrationCase] {
    var base = encoder(hidden, heads: heads, batch, sequence)
    base.vocabulary = vocabulary
    base.clips = true
    return Optimizer.allCases.map {
      var variant = base
      variant.optimizer = $0
      return variant
    }
      + [Graph.Activation.geluTanh, .relu].map {
        var variant = base
        (variant.activation, variant.batch) = ($0, 4 * batch)
        return variant
      }
  }
}
