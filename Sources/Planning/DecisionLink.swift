import Graph
import Steps

/// What ties the choices of two groups: where one takes an option or a later one, so does the other.
///
/// Options of a group train more and more, so all that a trainer's units and needs ask are links of this kind. Such a system has a least
/// and a greatest solution, and so has what of it lies below any choice.
struct DecisionLink: Hashable, Sendable {
  let group: Int
  /// From this option on; as many as the group has options is never.
  let option: Int
  let needed: Int
  let neededOption: Int

  /// - Parameter chosen: options by group, -1 for none.
  func holds(_ chosen: [Int]) -> Bool { chosen[group] < option || chosen[needed] >= neededOption }
}

extension [DecisionLink] {
  /// The least choice at or above the given one.
  func raised(_ chosen: [Int]) -> [Int] {
    var chosen = chosen
    while let broken = first(where: { !$0.holds(chosen) }) { chosen[broken.needed] = broken.neededOption }
    return chosen
  }

  /// The greatest choice at or below the given one.
  func lowered(_ chosen: [Int]) -> [Int] {
    var chosen = chosen
    while let broken = first(where: { !$0.holds(chosen) }) { chosen[broken.group] = broken.option - 1 }
    return chosen
  }

  /// What a trainer's units ask of the choices.
  init(_ shape: Expressible.Shape, _ choices: [GroupChoices], _ graph: EncoderGraph) {
    /// By unit: the groups that hold its tensors, and from which of their options on it trains.
    let thresholds = shape.units.map { unit in
      Dictionary(grouping: unit.parameters) { graph.parameters[$0].group }.sorted { $0.key < $1.key }
        .map { group, parts in
          let options = choices[group].options
          let first = options.firstIndex { option in
            parts.allSatisfy { option.extent(graph.parameters[$0], graph) != .none }
          }
          return (group: group, option: first ?? options.count)
        }
    }
    self = []
    for (unit, own) in zip(shape.units, thresholds) {
      // A ring makes all equal.
      for (one, next) in zip(own, own.dropFirst() + own.prefix(1)) where own.count > 1 {
        append(
          DecisionLink(group: one.group, option: one.option, needed: next.group, neededOption: next.option))
      }
      for need in unit.needs {
        guard let one = own.first, let other = thresholds[need].first,
          one.group != other.group || one.option < other.option
        else { continue }
        append(
          DecisionLink(group: one.group, option: one.option, needed: other.group, neededOption: other.option))
      }
    }
  }
}

extension GroupOption {
  /// How much of one of the group's tensors it trains.
  func extent(_ parameter: Parameter, _ graph: EncoderGraph) -> Selection.Extent {
    if trainable.contains(parameter.id) { return .whole }
    guard parameter.nodeAxis != nil, retained > 0 else { return .none }
    return retained == graph.configuration.feedForwardSize ? .whole : .part
  }

  /// Whether a trainer can do this in the group, whatever is chosen elsewhere.
  func isWhole(
    in shape: Expressible.Shape?, _ group: ParameterGroup, _ graph: EncoderGraph, splitsNodes: Bool
  ) -> Bool {
    guard let shape else { return true }
    let own = Set(group.parameters)
    return shape.units.allSatisfy { unit in
      let extents = unit.parameters.filter(own.contains).map { extent(graph.parameters[$0], graph) }
      return extents.allSatisfy { $0 == .none } || extents.allSatisfy { $0.isTrained(partly: splitsNodes) }
    }
  }
}

extension Expressible.Shape {
  /// The tensors that always train (true) or never do (false).
  func tensors(fixed: Bool) -> Set<ParameterID> {
    Set(units.filter { $0.fixed == fixed }.flatMap(\.parameters))
  }
}
