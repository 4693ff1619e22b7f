import Graph
import Planning

extension PrimingSums {
  /// All metrics, the one to plan by first; those of gradients only where the optimizer kept them.
  func measurements(_ graph: EncoderGraph, gradients: Bool) -> [Scores.Measurement] {
    let nodeWeights = 2 * graph.configuration.hiddenSize + 1
    return Scores.Metric.measured.filter { gradients || !$0.readsGradients }.map { metric in
      var tensors: [String: Double] = [:]
      for parameter in graph.parameters where !parameter.isSplitByNode {
        tensors[parameter.name] = metric.value(tensor(parameter), count: parameter.count)
      }
      return Scores.Measurement(
        metric: metric, tensors: tensors,
        nodes: (0..<graph.configuration.layerCount).map { layer in
          nodes(layer: layer).map { metric.value($0, count: nodeWeights) }
        })
    }
  }
}

extension Scores.Metric {
  /// What priming measures, the one to plan by first: docs/decisions/0004 says why it is that.
  static let measured: [Scores.Metric] = [.gradientNorm, .fisher, .weightChange, .relativeChange]

  /// Whether it is made from the optimizer's mean squared gradients, rather than from the weights.
  var readsGradients: Bool { self == .gradientNorm || self == .fisher }

  /// The score of so many weights with these sums.
  fileprivate func value(_ sums: PrimingSums.Sums, count: Int) -> Double {
    switch self {
    case .weightChange: sums.x
    case .relativeChange: sums.x > 0 ? Double(count) * sums.x / (sums.x + sums.y) : 0
    case .gradientNorm: sums.z
    case .fisher: sums.w
    case .given: 0
    }
  }
}
