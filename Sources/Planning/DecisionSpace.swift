import Graph
import Steps

/// One way to train a parameter group; leaving it frozen is the absence of a choice.
struct GroupOption: Sendable {
  /// Tensors trained whole.
  let trainable: [ParameterID]
  /// Learner nodes; 0 for groups without nodes.
  let retained: Int
  /// Score captured.
  let score: Double
  let label: String
}

/// The ways in which one group can be trained, at most one of which is taken.
struct GroupChoices: Sendable {
  let group: ParameterGroup
  let options: [GroupOption]
  /// Whether the group must train (the last option is taken).
  let isPinned: Bool
}

/// All decisions about what trains: the same list for the integer program, the greedy plan and brute force.
struct DecisionSpace: Sendable {
  let graph: EncoderGraph
  /// One a group, in the graph's order.
  let choices: [GroupChoices]
}

extension DecisionSpace {
  /// Retention levels offered per layer, in percent of the feed-forward nodes; the source calls them FAR10, FAR40, FAR60.
  static let retentionPercents = [5, 10, 20, 40, 60, 80, 100]

  init(_ graph: EncoderGraph, scores: Scores, pinned: Set<GroupKind> = [.head]) {
    let choices = graph.groups.map { group in
      GroupChoices(
        group: group, options: Self.options(group, graph, scores), isPinned: pinned.contains(group.kind))
    }
    self.init(graph: graph, choices: choices)
  }

  private static func options(
    _ group: ParameterGroup, _ graph: EncoderGraph, _ scores: Scores
  ) -> [GroupOption] {
    let parameters = group.parameters.map { graph.parameters[$0] }
    func sum(_ chosen: [Parameter]) -> Double { chosen.reduce(0) { $0 + (scores.tensors[$1.name] ?? 0) } }
    let additive = parameters.filter(\.role.isAdditive)
    var options: [GroupOption] = []
    if !additive.isEmpty, additive.count < parameters.count {
      options.append(
        GroupOption(trainable: additive.map(\.id), retained: 0, score: sum(additive), label: "bias"))
    }
    guard group.kind == .feedForward, let layer = group.layer else {
      options.append(
        GroupOption(trainable: parameters.map(\.id), retained: 0, score: sum(parameters), label: "full"))
      return options
    }
    // Learners bring the second bias along, which has no nodes, as FAR leaves it trainable.
    let whole = parameters.filter { $0.nodeAxis == nil }
    let ranked = scores.rankedNodes(layer: layer)
    let nodes = graph.configuration.feedForwardSize
    var previous = 0
    for percent in Self.retentionPercents {
      let retained = nodes * percent / 100
      guard retained > previous else { continue }
      previous = retained
      let captured = ranked.prefix(retained).reduce(0) { $0 + scores.nodes[layer][$1] }
      options.append(
        GroupOption(
          trainable: whole.map(\.id), retained: retained, score: sum(whole) + captured,
          label: retained == nodes ? "full" : "\(percent) %"))
    }
    return options
  }

  /// The selection that a choice for every group makes; nil is frozen.
  func selection(_ chosen: [Int?]) -> Selection {
    var selection = Selection.frozen(graph)
    for (choice, option) in zip(choices, chosen) {
      guard let option else { continue }
      selection.trainable.formUnion(choice.options[option].trainable)
      if let layer = choice.group.layer, choice.group.kind == .feedForward {
        selection.retained[layer] = choice.options[option].retained
      }
    }
    return selection
  }

  /// The least that may train: pinned groups whole, everything else frozen.
  var minimal: [Int?] { choices.map { $0.isPinned ? $0.options.indices.last : nil } }

  /// Everything trains whole.
  var full: [Int?] { choices.map(\.options.indices.last) }

  func score(_ chosen: [Int?]) -> Double {
    zip(choices, chosen).reduce(0) { total, pair in
      total + (pair.1.map { pair.0.options[$0].score } ?? 0)
    }
  }

  /// Score captured, as a share of the most that can be.
  func share(_ chosen: [Int?]) -> Double { score(chosen) / (totalScore > 0 ? totalScore : 1) }

  /// The most that any selection captures; that is training everything, unless the scores contradict each other.
  var totalScore: Double { choices.reduce(0) { $0 + ($1.options.map(\.score).max() ?? 0) } }
}
