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

/// The ways in which one group can be trained, at most one of which is taken; later ones train more.
struct GroupChoices: Sendable {
  let group: ParameterGroup
  let options: [GroupOption]
  /// Whether one of the options must be taken.
  let mustTrain: Bool

  /// What trains least.
  var least: Int? { mustTrain ? options.indices.first : nil }
}

/// All decisions about what trains: the same list for the integer program, the greedy plan and brute force.
struct DecisionSpace: Sendable {
  let graph: EncoderGraph
  /// One a group, in the graph's order.
  let choices: [GroupChoices]
  /// What a trainer ties together; the least and the full choice keep them.
  let links: [DecisionLink]
  /// What training everything captures: the whole that shares are of.
  let totalScore: Double

  /// - Parameter totalScore: by default the most that the choices capture.
  init(
    graph: EncoderGraph, choices: [GroupChoices], links: [DecisionLink] = [], totalScore: Double? = nil
  ) {
    self.graph = graph
    self.choices = choices
    self.links = links
    let most = choices.reduce(0) { $0 + ($1.options.map(\.score).max() ?? 0) }
    self.totalScore = totalScore ?? most
    mostScore = most
  }

  /// No selection captures more; training all that may captures it, unless the scores contradict each other.
  let mostScore: Double
}

extension DecisionSpace {
  /// Retention levels offered per layer, in percent of the feed-forward nodes; the source calls them FAR10, FAR40, FAR60.
  static let retentionPercents = [5, 10, 20, 40, 60, 80, 100]

  /// - Parameters:
  ///   - shape: what a trainer can carry out; nil where any selection will do.
  ///   - splitsNodes: whether some nodes of a pair can train and the others not.
  /// - Throws: ``PlanError`` where pins match nothing, or contradict each other or the shape.
  init(
    _ graph: EncoderGraph, scores: Scores, pins: Pins = Pins(), shape: Expressible.Shape? = nil,
    splitsNodes: Bool = true
  ) throws(PlanError) {
    let resolved = try pins.resolved(graph)
    let frozen = resolved.frozen.union(shape?.tensors(fixed: false) ?? [])
    let wanted = resolved.required.union(shape?.tensors(fixed: true) ?? [])
    var choices: [GroupChoices] = []
    var total = 0.0
    for group in graph.groups {
      let required = wanted.intersection(group.parameters)
      let all = Self.ways(of: group, graph, leastNodes: resolved.leastNodes, required: required)
      let best = group.kind == .feedForward ? group.layer.map(scores.cumulative) : nil
      func score(_ way: Way) -> Double {
        let whole = way.trainable.reduce(0) { $0 + (scores.tensors[graph.parameters[$1].name] ?? 0) }
        return whole + (best?[way.retained] ?? 0)
      }
      total += all.map(score).max() ?? 0
      let isFrozenByHand = group.parameters.contains(where: resolved.frozen.contains)
      // A trainer that cannot train a head is asked for what it can.
      let isPinned =
        pins.groups.contains(group.kind) && !isFrozenByHand && !frozen.isSuperset(of: group.parameters)
      let leastNodes = group.kind == .feedForward ? resolved.leastNodes : 0
      let left = (isPinned ? Array(all.suffix(1)) : all)
        .compactMap { $0.without(frozen.intersection(group.parameters), graph) }
        // Without what is frozen, ways can be alike.
        .reduce(into: [Way]()) { ways, way in if ways.last?.trainsAs(way) != true { ways.append(way) } }
        .filter { $0.retained >= leastNodes && $0.covers(required, graph) }
      let mustTrain = isPinned || !required.isEmpty || leastNodes > 0
      if mustTrain && left.isEmpty {
        throw .contradictoryPins("nothing is left to train of '\(group.name)', which has to train")
      }
      let options = left.map {
        GroupOption(trainable: $0.trainable, retained: $0.retained, score: score($0), label: $0.label)
      }.filter { $0.isWhole(in: shape, group, graph, splitsNodes: splitsNodes) }
      choices.append(GroupChoices(group: group, options: options, mustTrain: mustTrain))
    }
    if let shape {
      try self.init(
        graph: graph, choices: choices, tying: [DecisionLink](shape, choices, graph), totalScore: total)
    } else {
      self.init(graph: graph, choices: choices, totalScore: total)
    }
    if self.choices.allSatisfy(\.options.isEmpty) { throw .contradictoryPins("nothing is left to train") }
  }

  /// Takes away what links rule out, so that the least and the greatest option of every group go together.
  private init(
    graph: EncoderGraph, choices: [GroupChoices], tying links: [DecisionLink], totalScore: Double
  ) throws(PlanError) {
    let least = links.raised(choices.map { $0.mustTrain ? 0 : -1 })
    let most = links.lowered(choices.map { $0.options.count - 1 })
    if let group = choices.indices.first(where: { least[$0] > most[$0] }) {
      throw .contradictoryPins("'\(choices[group].group.name)' has to train and cannot")
    }
    let first = least.map { max($0, 0) }
    let kept = choices.indices.map { index in
      let options = choices[index].options.prefix(most[index] + 1).dropFirst(first[index])
      return GroupChoices(group: choices[index].group, options: Array(options), mustTrain: least[index] >= 0)
    }
    let left = links.filter { $0.option <= most[$0.group] && $0.neededOption > least[$0.needed] }.map {
      DecisionLink(
        group: $0.group, option: $0.option - first[$0.group], needed: $0.needed,
        neededOption: $0.neededOption - first[$0.needed])
    }
    self.init(graph: graph, choices: kept, links: left, totalScore: totalScore)
  }

  /// The ways to train a group, from the one that trains least.
  ///
  /// - Parameter required: tensors that must train whole.
  private static func ways(
    of group: ParameterGroup, _ graph: EncoderGraph, leastNodes: Int, required: Set<ParameterID>
  ) -> [Way] {
    let parameters = group.parameters.map { graph.parameters[$0] }
    let additive = parameters.filter(\.role.isAdditive)
    var ways: [Way] = []
    if !additive.isEmpty, additive.count < parameters.count {
      ways.append(Way(trainable: additive.map(\.id), retained: 0, label: "bias"))
    }
    guard group.kind == .feedForward else {
      return ways + [Way(trainable: parameters.map(\.id), retained: 0, label: "full")]
    }
    // Learners bring the second bias along, which has no nodes, as FAR leaves it trainable.
    let whole = parameters.filter { $0.nodeAxis == nil }.map(\.id)
    // Where it has to train alone, neither both biases nor some nodes are the least: the first bias needs more bytes than a few nodes do.
    if !required.isEmpty, required.isSubset(of: whole), !ways.isEmpty {
      ways.insert(Way(trainable: whole, retained: 0, label: "second bias"), at: 0)
    }
    let nodes = graph.configuration.feedForwardSize
    let levels = Set(retentionPercents.map { nodes * $0 / 100 } + [leastNodes]).subtracting([0])
    return ways
      + levels.sorted().map { retained in
        let percent = (Double(100 * retained) / Double(nodes)).rounded()
        return Way(
          trainable: whole, retained: retained, label: retained == nodes ? "full" : "\(Int(percent)) %")
      }
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

  /// The least that may train: of every group that must, its smallest option; everything else is frozen.
  var minimal: [Int?] { choices.map(\.least) }

  /// The most of a choice that keeps the links; nothing is taken from what must train.
  func closed(_ chosen: [Int?]) -> [Int?] {
    links.lowered(chosen.map { $0 ?? -1 }).map { $0 < 0 ? nil : $0 }
  }

  /// A choice with at least this option in one group, and as little more in others as the links ask for.
  func raising(_ group: Int, to option: Int, in chosen: [Int?]) -> [Int?] {
    var raised = chosen.map { $0 ?? -1 }
    raised[group] = max(raised[group], option)
    return links.raised(raised).map { $0 < 0 ? nil : $0 }
  }

  /// Everything trains that may.
  var full: [Int?] { choices.map(\.options.indices.last) }

  func score(_ chosen: [Int?]) -> Double {
    zip(choices, chosen).reduce(0) { total, pair in
      total + (pair.1.map { pair.0.options[$0].score } ?? 0)
    }
  }

  /// Score captured, as a share of what training everything captures.
  func share(_ chosen: [Int?]) -> Double { share(score(chosen)) }

  /// The largest share that any selection captures.
  var mostShare: Double { share(mostScore) }

  private func share(_ score: Double) -> Double { score / (totalScore > 0 ? totalScore : 1) }
}

/// A way to train a group, before it is scored.
private struct Way {
  let trainable: [ParameterID]
  let retained: Int
  let label: String

  /// What is left where some tensors stay frozen; nil for nothing.
  ///
  /// Nodes train with all that is theirs, so one frozen tensor among those split by node freezes all nodes.
  func without(_ frozen: Set<ParameterID>, _ graph: EncoderGraph) -> Way? {
    if retained > 0, frozen.contains(where: { graph.parameters[$0].nodeAxis != nil }) { return nil }
    let left = trainable.filter { !frozen.contains($0) }
    return left.isEmpty && retained == 0 ? nil : Way(trainable: left, retained: retained, label: label)
  }

  func trainsAs(_ other: Way) -> Bool { trainable == other.trainable && retained == other.retained }

  /// Whether it trains all of these tensors whole.
  func covers(_ required: Set<ParameterID>, _ graph: EncoderGraph) -> Bool {
    required.allSatisfy { id in
      let isWhole = graph.parameters[id].nodeAxis != nil && retained == graph.configuration.feedForwardSize
      return isWhole || trainable.contains(id)
    }
  }
}

extension Scores {
  /// What the best n nodes of a layer capture, for every n from none to all.
  fileprivate func cumulative(layer: Int) -> [Double] {
    rankedNodes(layer: layer).reduce(into: [0]) { $0.append(($0.last ?? 0) + nodes[layer][$1]) }
  }
}
