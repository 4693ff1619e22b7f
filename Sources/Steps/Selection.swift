import Graph

/// What trains: whole tensors, and in each feed-forward pair a number of nodes.
///
/// A pair's first matrix, its bias's learner entries and its second matrix train by node (FAR); the first bias may also train
/// alone and whole, and the second bias, which has no nodes, is an ordinary tensor.
public struct Selection: Hashable, Sendable {
  /// Tensors trained whole; of a feed-forward pair only its two biases may be listed.
  public var trainable: Set<ParameterID>
  /// Learner nodes per layer, `0...F`; a split layer's learners come first after reconfiguration.
  public var retained: [Int]

  public init(trainable: Set<ParameterID>, retained: [Int]) {
    self.trainable = trainable
    self.retained = retained
  }

  /// Nothing trains.
  public static func frozen(_ graph: EncoderGraph) -> Selection {
    Selection(trainable: [], retained: Array(repeating: 0, count: graph.configuration.layerCount))
  }

  /// Everything trains.
  public static func full(_ graph: EncoderGraph) -> Selection {
    var selection = frozen(graph)
    for group in graph.groups { selection.train(group, of: graph) }
    return selection
  }

  /// Trains a whole group.
  public mutating func train(_ group: ParameterGroup, of graph: EncoderGraph) {
    for id in group.parameters where !graph.parameters[id].isSplitByNode { trainable.insert(id) }
    if group.kind == .feedForward, let layer = group.layer {
      retained[layer] = graph.configuration.feedForwardSize
    }
  }

  /// How many scalars of a tensor train.
  public func trainedCount(_ parameter: Parameter, of graph: EncoderGraph) -> Int {
    if trainable.contains(parameter.id) { return parameter.count }
    guard parameter.nodeAxis != nil, let layer = graph.groups[parameter.group].layer else { return 0 }
    return parameter.count / graph.configuration.feedForwardSize * retained[layer]
  }

  /// Trainable scalars in all.
  public func trainedCount(of graph: EncoderGraph) -> Int {
    graph.parameters.reduce(0) { $0 + trainedCount($1, of: graph) }
  }
}

extension Parameter {
  /// Matrices of a feed-forward pair train only by node; biases can also train whole.
  public var isSplitByNode: Bool { nodeAxis != nil && role == .weight }
}
