import Graph

/// One yes-or-no decision that a step's kernels can depend on.
public enum Atom: Hashable, Sendable {
  /// Always true: forward and the loss.
  case always
  /// The tensor trains whole.
  case parameter(ParameterID)
  /// The layer has at least one learner node.
  case learners(layer: Int)
}

/// A set of atoms; as a condition it holds when any of its atoms does.
public struct AtomSet: Hashable, Sendable {
  private var words: [UInt64] = []

  public init() {}

  fileprivate mutating func insert(bit: Int) {
    while words.count <= bit / 64 { words.append(0) }
    words[bit / 64] |= 1 << UInt64(bit % 64)
  }

  fileprivate func contains(bit: Int) -> Bool {
    bit / 64 < words.count && words[bit / 64] >> UInt64(bit % 64) & 1 == 1
  }

  public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  public mutating func formUnion(_ other: AtomSet) {
    while words.count < other.words.count { words.append(0) }
    for index in other.words.indices { words[index] |= other.words[index] }
  }

  public mutating func formIntersection(_ other: AtomSet) {
    for index in words.indices { words[index] &= index < other.words.count ? other.words[index] : 0 }
  }

  public func isDisjoint(with other: AtomSet) -> Bool {
    // A plain loop: lowering steps asks this more than anything else.
    for index in 0..<min(words.count, other.words.count) where words[index] & other.words[index] != 0 {
      return false
    }
    return true
  }

  public func isSuperset(of other: AtomSet) -> Bool {
    other.words.indices.allSatisfy { index in
      other.words[index] & ~(index < words.count ? words[index] : 0) == 0
    }
  }

  public func subtracting(_ other: AtomSet) -> AtomSet {
    var result = self
    for index in words.indices where index < other.words.count { result.words[index] &= ~other.words[index] }
    return result
  }

  public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  fileprivate var bits: [Int] {
    words.enumerated().flatMap { index, word in
      (0..<64).filter { word >> UInt64($0) & 1 == 1 }.map { index * 64 + $0 }
    }
  }
}

/// Numbers a graph's atoms, so that sets of them are bit sets.
public struct AtomIndex: Sendable {
  private let parameters: Int

  public init(_ graph: EncoderGraph) { parameters = graph.parameters.count }

  private func bit(of atom: Atom) -> Int {
    switch atom {
    case .always: 0
    case .parameter(let id): 1 + id
    case .learners(let layer): 1 + parameters + layer
    }
  }

  public func set(_ atom: Atom) -> AtomSet {
    var set = AtomSet()
    set.insert(bit: bit(of: atom))
    return set
  }

  /// Whether an atom is in a set; makes no set of its own, since planning asks this for every tensor of every step.
  public func holds(_ atom: Atom, in set: AtomSet) -> Bool { set.contains(bit: bit(of: atom)) }

  public func atoms(_ set: AtomSet) -> [Atom] {
    set.bits.map { bit in
      if bit == 0 { return .always }
      return bit <= parameters ? .parameter(bit - 1) : .learners(layer: bit - 1 - parameters)
    }
  }

  /// The atoms that a selection makes true.
  public func active(_ selection: Selection) -> AtomSet {
    var active = set(.always)
    for id in selection.trainable { active.insert(bit: bit(of: .parameter(id))) }
    for (layer, nodes) in selection.retained.enumerated() where nodes > 0 {
      active.insert(bit: bit(of: .learners(layer: layer)))
    }
    return active
  }
}
