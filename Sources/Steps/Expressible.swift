import Graph

/// Which selections a trainer can carry out, as a plain value: what can only train together, what cannot be chosen, and what
/// brings something else along.
///
/// A selection is expressible where one of the `shapes` allows it. Configurations with one field for each decision have
/// one shape; "the last N layers" is one shape for each N.
public struct Expressible: Hashable, Sendable {
  /// Tensors that train together or not at all.
  public struct Unit: Hashable, Sendable {
    public let parameters: [ParameterID]
    /// Whether it must train, must not, or may do either (nil).
    public let fixed: Bool?
    /// Units, by index, that train where this one does.
    public let needs: [Int]
  }

  /// Units that partition a graph's parameters.
  public struct Shape: Hashable, Sendable {
    public let units: [Unit]
  }

  /// Whether some nodes of a feed-forward pair can train and the others not.
  public var splitsNodes: Bool
  /// Empty where the trainer cannot train this model at all.
  public var shapes: [Shape]

  public init(splitsNodes: Bool = false, shapes: [Shape]) {
    self.splitsNodes = splitsNodes
    self.shapes = shapes
  }

  /// Every tensor for itself.
  ///
  /// - Parameter fixed: tensors that always train (true) or never do (false).
  public static func tensors(
    _ graph: EncoderGraph, splitsNodes: Bool = false, fixed: [ParameterID: Bool] = [:]
  ) -> Expressible {
    Expressible(
      splitsNodes: splitsNodes,
      shapes: [Shape(graph, together: graph.parameters.map { [$0.id] }, fixed: fixed)])
  }

  /// Every module for itself: a matrix with its bias, a LayerNorm, a table.
  public static func modules(_ graph: EncoderGraph) -> Expressible {
    Expressible(shapes: [Shape(graph, together: modulesOf(graph))])
  }

  /// Tensors of the same module, in the graph's order.
  public static func modulesOf(_ graph: EncoderGraph) -> [[ParameterID]] {
    var modules: [(name: String, parameters: [ParameterID])] = []
    for parameter in graph.parameters {
      if modules.last?.name == parameter.moduleName {
        modules[modules.count - 1].parameters.append(parameter.id)
      } else {
        modules.append((parameter.moduleName, [parameter.id]))
      }
    }
    return modules.map(\.parameters)
  }
}

extension Parameter {
  /// The name without `weight` or `bias`: the module that owns the tensor.
  public var moduleName: String { name.lastIndex(of: ".").map { String(name[..<$0]) } ?? "" }

  /// The last component of the name: `weight` or `bias`.
  public var tensorName: String { name.split(separator: ".").last.map(String.init) ?? name }
}

extension Expressible.Shape {
  /// The finest shape in which each of the given sets stays together.
  ///
  /// The engine trains both matrices of a feed-forward pair or neither, and the first bias along with them, so those are
  /// joined here, whatever the trainer could do.
  ///
  /// - Parameters:
  ///   - together: sets of tensors; those in none stand alone.
  ///   - fixed: tensors that always train (true) or never do (false); a unit with both cannot train, so it does not.
  ///   - needs: pairs of tensors, the second of which trains where the first does.
  public init(
    _ graph: EncoderGraph, together: [[ParameterID]], fixed: [ParameterID: Bool] = [:],
    needs: [(ParameterID, ParameterID)] = []
  ) {
    var owner = Array(graph.parameters.indices)
    func root(_ id: ParameterID) -> ParameterID {
      var id = id
      while owner[id] != id { id = owner[id] }
      return id
    }
    func join(_ ids: [ParameterID]) {
      guard let first = ids.first else { return }
      for id in ids.dropFirst() { owner[max(root(first), root(id))] = min(root(first), root(id)) }
    }
    together.forEach(join)
    var edges = needs
    for group in graph.groups where group.kind == .feedForward {
      let matrices = group.parameters.filter { graph.parameters[$0].isSplitByNode }
      join(matrices)
      let biases = group.parameters.filter {
        !graph.parameters[$0].isSplitByNode && graph.parameters[$0].nodeAxis != nil
      }
      for matrix in matrices.prefix(1) { edges += biases.map { (matrix, $0) } }
    }
    let roots = graph.parameters.map { root($0.id) }
    let order = graph.parameters.map(\.id).filter { roots[$0] == $0 }
    let index = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    let families = Dictionary(grouping: graph.parameters.map(\.id)) { roots[$0] }
    units = order.map { root in
      let members = families[root] ?? []
      let wishes = Set(members.compactMap { fixed[$0] })
      let needed = edges.filter { roots[$0.0] == root && roots[$0.1] != root }.compactMap { index[roots[$0.1]] }
      return Expressible.Unit(
        parameters: members, fixed: wishes.contains(false) ? false : wishes.first, needs: Set(needed).sorted())
    }
  }
}
