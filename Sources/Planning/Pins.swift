import Foundation
import Graph

/// What the user has decided already: tensors that must or must not train, and how much of every feed-forward pair.
///
/// Patterns are the shell's (`fnmatch`): `*`, `?` and `[...]`, where `*` also matches dots. They are compared with a tensor's name as the
/// checkpoint has it and without the family's prefix, so `classifier*`, `embeddings.*` and `bert.encoder.layer.[01].*` all do.
public struct Pins: Sendable, Codable, Equatable {
  /// Groups that train whole whatever they score: a fresh head is worth nothing untrained.
  public var groups: [GroupKind] = [.head]
  /// Tensors that train whole.
  public var train: [String] = []
  /// Tensors that stay as they are; a head named here may stay frozen.
  public var freeze: [String] = []
  /// Least share of the nodes of every feed-forward pair that trains, in percent.
  public var minimumRetention = 0

  public init(train: [String] = [], freeze: [String] = [], minimumRetention: Int = 0) {
    self.train = train
    self.freeze = freeze
    self.minimumRetention = minimumRetention
  }
}

extension Pins {
  /// The pins in terms of a graph's tensors.
  struct Resolved {
    var required = Set<ParameterID>()
    var frozen = Set<ParameterID>()
    /// Least learner nodes of every feed-forward pair.
    var leastNodes = 0
  }

  /// - Throws: ``PlanError/unmatchedPattern(_:)`` and ``PlanError/contradictoryPins(_:)``.
  func resolved(_ graph: EncoderGraph) throws(PlanError) -> Resolved {
    var resolved = Resolved()
    for pattern in train { resolved.required.formUnion(try Self.matches(pattern, graph)) }
    for pattern in freeze { resolved.frozen.formUnion(try Self.matches(pattern, graph)) }
    if let both = resolved.required.intersection(resolved.frozen).min() {
      throw .contradictoryPins("'\(graph.parameters[both].name)' is to train and to be frozen")
    }
    let nodes = graph.configuration.feedForwardSize
    // At least one node, rounded up: a share that was asked for is never undercut.
    resolved.leastNodes = (nodes * min(max(minimumRetention, 0), 100) + 99) / 100
    return resolved
  }

  private static func matches(
    _ pattern: String, _ graph: EncoderGraph
  ) throws(PlanError) -> Set<ParameterID> {
    let found = graph.parameters.filter { parameter in
      fnmatch(pattern, parameter.name, 0) == 0 || fnmatch(pattern, graph.qualifiedName(parameter), 0) == 0
    }
    guard !found.isEmpty else { throw .unmatchedPattern(pattern) }
    return Set(found.map(\.id))
  }
}
