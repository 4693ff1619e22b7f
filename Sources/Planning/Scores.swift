import Graph
import Steps

/// How much each tensor and each feed-forward node is worth training, by one metric or several.
///
/// ``tensors`` and ``nodes`` are those of the metric that was chosen, which is all that the planner reads; see ``choosing(_:)``.
public struct Scores: Sendable, Codable, Equatable {
  /// Where the numbers come from.
  public enum Origin: String, Sendable, Codable, CaseIterable {
    /// Measured in a priming phase.
    case priming
    /// No measurement: ``prior(_:modelIdentity:)``.
    case prior
    /// From elsewhere: made by hand, or by another program.
    case given
  }

  public static let currentSchema = 2
  public static let kind = "permafrost-scores"

  public var kind = Scores.kind
  public var schema = Scores.currentSchema
  public var origin: Origin
  public var modelIdentity: String
  /// Hash of the weights that were primed; nil for the prior.
  public var weightsIdentity: String?
  public var task: String?
  /// Optimizer steps of priming; of each turn where there were several.
  public var steps: Int?
  /// Runs that priming took, because the memory did not suffice to train everything at once; nil for one.
  public var turns: Int?
  /// Tensors and nodes that could not be trained even alone, and so score 0; nil where there are none.
  public var unscored: [String]?
  /// One for every metric, the one to plan by unless another is asked for first.
  public var measurements: [Measurement]
  /// Which of `measurements` counts.
  var chosen = 0
  /// The SHA-256 of the file that these were read from; nil for others.
  var fileIdentity: String?

  private enum CodingKeys: String, CodingKey {
    case kind, schema, origin, modelIdentity, weightsIdentity, task, steps, turns, unscored, measurements
  }

  public init(
    origin: Origin, modelIdentity: String, weightsIdentity: String? = nil, task: String? = nil,
    steps: Int? = nil, measurements: [Measurement]
  ) {
    self.origin = origin
    self.modelIdentity = modelIdentity
    self.weightsIdentity = weightsIdentity
    self.task = task
    self.steps = steps
    self.measurements = measurements
  }

  /// Scores by one metric only.
  public init(
    origin: Origin, modelIdentity: String, tensors: [String: Double], nodes: [[Double]]
  ) {
    self.init(
      origin: origin, modelIdentity: modelIdentity,
      measurements: [Measurement(metric: .given, tensors: tensors, nodes: nodes)])
  }

  /// A stand-in where nothing was measured: the square root of the parameter count, weighted by depth.
  ///
  /// An assumption, not a result. The square root says that returns diminish with size, so that small groups (biases, LayerNorms)
  /// are not drowned; the weight `(l+1)/L` says that upper layers adapt more to a task (Howard and Ruder, arXiv 1801.06146; Lee et al.,
  /// arXiv 1911.03090); embeddings get a twentieth, because a batch touches few of their rows. Nodes of a
  /// layer are worth the same each, with diminishing returns in their number.
  public static func prior(_ graph: EncoderGraph, modelIdentity: String) -> Scores {
    let layers = graph.configuration.layerCount
    var tensors: [String: Double] = [:]
    for parameter in graph.parameters where !parameter.isSplitByNode {
      let group = graph.groups[parameter.group]
      let depth =
        group.layer.map { Double($0 + 1) / Double(layers) } ?? (group.kind.isEmbedding ? 0.05 : 1)
      tensors[parameter.name] = depth * Double(parameter.count).squareRoot()
    }
    let sizes = Array(
      repeating: Double(2 * graph.configuration.hiddenSize + 1), count: graph.configuration.feedForwardSize)
    let nodes = (0..<layers).map { layer in
      Scores.rootIncrements(sizes).map { Double(layer + 1) / Double(layers) * $0 }
    }
    return Scores(origin: .prior, modelIdentity: modelIdentity, tensors: tensors, nodes: nodes)
  }

  /// What keeps the scores from fitting a graph, or nil.
  func brokenRule(_ graph: EncoderGraph) -> String? {
    if measurements.isEmpty { return "no metric" }
    if Set(measurements.map(\.metric)).count < measurements.count { return "a metric appears twice" }
    return measurements.lazy.compactMap { $0.brokenRule(graph) }.first
  }

  /// Whether nothing has a score by the metric that counts, so that any plan would be as good as any other.
  public var saysNothing: Bool {
    tensors.values.allSatisfy { $0 == 0 } && nodes.joined().allSatisfy { $0 == 0 }
  }

  /// A layer's nodes from the highest score to the lowest; ties keep their order.
  public func rankedNodes(layer: Int) -> [Int] { Scores.ranked(nodes[layer]) }

  private static func ranked(_ scores: [Double]) -> [Int] {
    scores.indices.sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
  }

  /// Diminishing returns: what each part adds to the square root of the sum of all larger ones.
  ///
  /// - Parameter amounts: one a part, none negative; ties keep their order.
  /// - Returns: one a part. Those of the largest add up to the root of their sum.
  public static func rootIncrements(_ amounts: [Double]) -> [Double] {
    var (increments, sum) = (amounts, 0.0)
    for part in ranked(amounts) {
      let larger = sum
      sum += amounts[part]
      increments[part] = sum.squareRoot() - larger.squareRoot()
    }
    return increments
  }

  /// What a selection captures, as a share of what training everything does; 0 where nothing scores.
  public func share(
    capturedBy selection: Selection, of graph: EncoderGraph, learners: [[Int]]? = nil
  ) -> Double {
    let total = captured(by: .full(graph), of: graph)
    return total > 0 ? captured(by: selection, of: graph, learners: learners) / total : 0
  }

  /// What a selection captures: its tensors' scores and its nodes'.
  ///
  /// - Parameter learners: layers × nodes, which ones train; a layer without any trains its best.
  public func captured(by selection: Selection, of graph: EncoderGraph, learners: [[Int]]? = nil) -> Double {
    // In the graph's order, because a sum in a set's order changes from run to run.
    let whole = graph.parameters.filter { selection.trainable.contains($0.id) }.reduce(0.0) {
      total, parameter in
      guard parameter.nodeAxis != nil, let layer = graph.groups[parameter.group].layer else {
        return total + (tensors[parameter.name] ?? 0)
      }
      // A first bias trained whole beside learners: the learners' entries already count with their nodes.
      let nodes = graph.configuration.feedForwardSize
      return total + (tensors[parameter.name] ?? 0) * Double(nodes - selection.retained[layer]) / Double(nodes)
    }
    return selection.retained.indices.reduce(whole) { total, layer in
      let named = learners?[layer] ?? []
      let trained = named.isEmpty ? rankedNodes(layer: layer).prefix(selection.retained[layer]) : named[...]
      return total + trained.reduce(0) { $0 + nodes[layer][$1] }
    }
  }
}
