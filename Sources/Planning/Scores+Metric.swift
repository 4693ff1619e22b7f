import Graph
import Units

extension Scores {
  /// What a score is made of, with w a pretrained weight, Δ its change over the priming phase, and v the mean of its squared gradient over the
  /// steps, summed over the weights of a tensor or a node, so that groups of any size compete on one scale.
  public enum Metric: String, Sendable, Codable, CaseIterable {
    /// √Σv of a tensor, and of all trained nodes of a layer together: the L2 norm of the root mean square gradient.
    ///
    /// By it a tensor's returns diminish with how much of it trains: docs/decisions/0004.
    case rootFisher = "root-fisher"
    /// √ΣΔ², likewise: the L2 norm of the change. The one to plan by where priming took turns, for gradients of turns do not compare.
    case rootChange = "root-change"
    /// Σ|Δ|, FAR's learning metric (Vucetic et al., arXiv 2205.01541, section III).
    case weightChange = "weight-change"
    /// n Σ|Δ| / (Σ|w| + Σ|Δ|), n being how many weights a tensor or node has: each counts for the share of the magnitude that is new.
    ///
    /// Σ|Δ| in the denominator bounds it by n and gives tensors that start at zero a value.
    case relativeChange = "relative-change"
    /// Σ√v: the L1 norm of the root mean square gradient. Unlike L2 norms, it adds up over the parts of a tensor.
    case gradientNorm = "gradient-norm"
    /// Σv: the trace of the empirical Fisher information of batches, which is that of examples divided by the batch plus the squared mean
    /// gradient (Kirkpatrick et al., arXiv 1612.00796, use its diagonal).
    case fisher
    /// Numbers from elsewhere.
    case given
  }

  /// All scores by one metric.
  public struct Measurement: Sendable, Codable, Equatable {
    public var metric: Metric
    /// By tensor name without the family's prefix; tensors split by node are in `nodes`.
    public var tensors: [String: Double]
    /// By layer, then node: the node's row of the first matrix and its bias, and its column of the second.
    public var nodes: [[Double]]

    public init(metric: Metric, tensors: [String: Double], nodes: [[Double]]) {
      self.metric = metric
      self.tensors = tensors
      self.nodes = nodes
    }

    /// What keeps the measurement from fitting a graph, or nil.
    func brokenRule(_ graph: EncoderGraph) -> String? {
      let nodeCount = graph.configuration.feedForwardSize
      if nodes.count != graph.configuration.layerCount {
        return "\(metric.rawValue): \(nodes.count) layers of nodes"
      }
      if let layer = nodes.firstIndex(where: { $0.count != nodeCount }) {
        return "\(metric.rawValue): layer \(layer) has \(nodes[layer].count) nodes"
      }
      let missing = graph.parameters.first { !$0.isSplitByNode && tensors[$0.name] == nil }
      if let missing { return "\(metric.rawValue): no score for '\(missing.name)'" }
      let all = graph.parameters.compactMap { tensors[$0.name] } + nodes.joined()
      if !all.allSatisfy({ $0 >= 0 }) { return "\(metric.rawValue): a score is negative or no number" }
      return all.reduce(0, +).isFinite ? nil : "\(metric.rawValue): the scores are too large to be added up"
    }
  }

  /// The metric that counts; nil where there is none at all.
  public var metric: Metric? { measurements.indices.contains(chosen) ? measurements[chosen].metric : nil }

  public var tensors: [String: Double] {
    get { measurements.indices.contains(chosen) ? measurements[chosen].tensors : [:] }
    set { if measurements.indices.contains(chosen) { measurements[chosen].tensors = newValue } }
  }

  public var nodes: [[Double]] {
    get { measurements.indices.contains(chosen) ? measurements[chosen].nodes : [] }
    set { if measurements.indices.contains(chosen) { measurements[chosen].nodes = newValue } }
  }

  /// The same scores with another metric to plan by.
  ///
  /// - Throws: ``ScoresError/notMeasured(_:measured:)``.
  public func choosing(_ metric: Metric) throws(ScoresError) -> Scores {
    guard let index = measurements.firstIndex(where: { $0.metric == metric }) else {
      throw .notMeasured(metric, measured: measurements.map(\.metric))
    }
    var scores = self
    scores.chosen = index
    return scores
  }
}

/// What can be wrong with a choice among scores.
public enum ScoresError: UserFacingError, Equatable {
  case notMeasured(Scores.Metric, measured: [Scores.Metric])

  public var exitStatus: ExitStatus { .malformedInput }

  public var description: String {
    switch self {
    case .notMeasured(let metric, let measured):
      "the scores hold no '\(metric.rawValue)', only \(measured.map(\.rawValue).joined(separator: ", ")); "
        + "choose one of these, or prime again with adamw and room to train everything at once"
    }
  }
}
