import Graph

extension Expressible {
  /// Whether the trainer can carry out exactly this.
  public func allows(_ selection: Selection, of graph: EncoderGraph) -> Bool {
    shapes.contains { $0.allows(selection, of: graph, splitsNodes: splitsNodes) }
  }

  /// The most that is expressible and trains nothing that the selection freezes; nil where there is nothing.
  public func subset(of selection: Selection, _ graph: EncoderGraph) -> Selection? {
    let candidates = shapes.compactMap { $0.subset(of: selection, graph, splitsNodes: splitsNodes) }
    // The first of equals, so that the same question has the same answer.
    return candidates.max { $0.trainedCount(of: graph) < $1.trainedCount(of: graph) }
  }

  /// The least that is expressible and trains all that the selection trains; nil where there is nothing.
  public func superset(of selection: Selection, _ graph: EncoderGraph) -> Selection? {
    let candidates = shapes.compactMap { $0.superset(of: selection, graph, splitsNodes: splitsNodes) }
    return candidates.min { $0.trainedCount(of: graph) < $1.trainedCount(of: graph) }
  }
}

extension Expressible.Shape {
  /// Whether the selection trains whole units, those it must, and what they need.
  func allows(_ selection: Selection, of graph: EncoderGraph, splitsNodes: Bool) -> Bool {
    guard let subset = subset(of: selection, graph, splitsNodes: splitsNodes) else { return false }
    return graph.parameters.allSatisfy { subset.extent($0.id, graph) == selection.extent($0.id, graph) }
  }

  /// The largest closed set of units within the selection.
  func subset(of selection: Selection, _ graph: EncoderGraph, splitsNodes: Bool) -> Selection? {
    var trains = units.map { unit in
      unit.fixed != false
        && unit.parameters.allSatisfy { selection.extent($0, graph).isTrained(partly: splitsNodes) }
    }
    while let broken = units.indices.first(where: { index in
      trains[index] && units[index].needs.contains { !trains[$0] }
    }) { trains[broken] = false }
    guard units.indices.allSatisfy({ trains[$0] || units[$0].fixed != true }) else { return nil }
    return made(trains, like: selection, graph, splitsNodes: splitsNodes)
  }

  /// The smallest closed set of units around the selection.
  func superset(of selection: Selection, _ graph: EncoderGraph, splitsNodes: Bool) -> Selection? {
    var trains = units.map { unit in
      unit.fixed == true || unit.parameters.contains { selection.extent($0, graph) != .none }
    }
    while let missing = units.indices.lazy.filter({ trains[$0] }).flatMap({ units[$0].needs }).first(
      where: { !trains[$0] })
    { trains[missing] = true }
    guard units.indices.allSatisfy({ !trains[$0] || units[$0].fixed != false }) else { return nil }
    return made(trains, like: selection, graph, splitsNodes: splitsNodes)
  }

  private func made(
    _ trains: [Bool], like selection: Selection, _ graph: EncoderGraph, splitsNodes: Bool
  ) -> Selection {
    var made = Selection.frozen(graph)
    for (unit, trains) in zip(units, trains) where trains {
      for id in unit.parameters {
        let parameter = graph.parameters[id]
        let isPart = splitsNodes && selection.extent(id, graph) == .part
        if parameter.isSplitByNode, let layer = graph.groups[parameter.group].layer {
          made.retained[layer] = isPart ? selection.retained[layer] : graph.configuration.feedForwardSize
        } else if !isPart {
          made.trainable.insert(id)
        }
      }
    }
    return made
  }
}

extension Selection {
  /// How much of a tensor trains.
  public enum Extent: Sendable {
    case none, part, whole

    package func isTrained(partly: Bool) -> Bool { self == .whole || (partly && self == .part) }
  }

  public func extent(_ id: ParameterID, _ graph: EncoderGraph) -> Extent {
    switch trainedCount(graph.parameters[id], of: graph) {
    case 0: .none
    case graph.parameters[id].count: .whole
    default: .part
    }
  }
}
