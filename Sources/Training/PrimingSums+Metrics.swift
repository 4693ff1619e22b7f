import Graph
import Planning

extension PrimingSums {
  /// All metrics, the one to plan by first; those of gradients only where the optimizer kept them.
  func measurements(_ graph: EncoderGraph, gradients: Bool) -> [Scores.Measurement] {
    let nodeWeights = 2 * graph.configuration.hiddenSize + 1
    return Scores.Metric.measured.filter { gradients || !$0.readsGradients }.map { metric in
      var tensors: [String: Double] = [:]
      for parameter in graph.parameters where !parameter.isSplitByNode {
        let amount = metric.amount(tensor(parameter), count: parameter.count)
        tensors[parameter.name] = metric.diminishes ? amount.squareRoot() : amount
      }
      return Scores.Measurement(
        metric: metric, tensors: tensors,
        nodes: (0..<graph.configuration.layerCount).map { layer in
          let amounts = nodes(layer: layer).map { metric.amount($0, count: nodeWeights) }
          return metric.diminishes ? Scores.rootIncrements(amounts) : amounts
        })
    }
  }
}

extension Scores.Metric {
  /// What priming measures, the one to plan by first: docs/decisions/0004 says why it is that.
  static let measured: [Scores.Metric] = [
    .rootFisher, .rootChange, .gradientNorm, .fisher, .weightChange, .relativeChange,
  ]

  /// Whether it is made from the optimizer's mean squared gradients, rather than from the weights.
  var readsGradients: Bool { [.rootFisher, .gradientNorm, .fisher].contains(self) }

  /// Whether returns diminish: what counts is the root of the amount.
  fileprivate var diminishes: Bool { self == .rootFisher || self == .rootChange }

  /// What adds up over weights, of so many with these sums.
  fileprivate func amount(_ sums: PrimingSums.Sums, count: Int) -> Double {
    switch self {
    case .weightChange: sums.change
    case .rootChange: sums.squaredChange
    case .relativeChange: sums.change > 0 ? Double(count) * sums.change / (sums.change + sums.weight) : 0
    case .gradientNorm: sums.gradient
    case .fisher, .rootFisher: sums.squaredGradient
    case .given: 0
    }
  }
}
