import Graph

/// Sets of decisions by number.
///
/// Few differ in a step, and most unions are of a set with itself or with a part of it, so numbers are compared and kept
/// in place of the sets.
private struct ConditionTable {
  /// The number of the set that never holds.
  static let never: ConditionID = 0

  private(set) var sets = [AtomSet()]
  private var numbers = [AtomSet(): never]

  mutating func number(of set: AtomSet) -> ConditionID {
    if let known = numbers[set] { return known }
    numbers[set] = sets.count
    sets.append(set)
    return sets.count - 1
  }

  mutating func union(_ first: ConditionID, _ second: ConditionID) -> ConditionID {
    if first == second || sets[first].isSuperset(of: sets[second]) { return first }
    if sets[second].isSuperset(of: sets[first]) { return second }
    var both = sets[first]
    both.formUnion(sets[second])
    return number(of: both)
  }
}

extension StepTemplate {
  /// Walks the step backwards, as dead-code elimination does, but with sets of decisions in place of truth values.
  static func needs(
    of kernels: [KernelTemplate], buffers: [BufferTemplate], atoms: AtomIndex
  ) -> (conditions: [AtomSet], needs: [[ConditionID]]) {
    var table = ConditionTable()
    var wanted = Array(repeating: ConditionTable.never, count: buffers.count)
    var result = Array(repeating: [ConditionID](), count: kernels.count)
    for index in kernels.indices.reversed() {
      let kernel = kernels[index]
      let root = kernel.root.map { table.number(of: atoms.set($0)) } ?? ConditionTable.never
      var outputs: [(role: OperandRole, need: ConditionID)] = []
      func need(_ role: OperandRole) -> ConditionID? { outputs.last { $0.role == role }?.need }
      var total = root
      for operand in kernel.operands where operand.access.writes && operand.role != .workspace {
        // What outlives the step (weights, states, the loss) is wanted because its kernel is a root.
        let need = buffers[operand.buffer].isStatic ? root : wanted[operand.buffer]
        outputs.append((operand.role, need))
        total = table.union(total, need)
      }
      let needs = kernel.operands.map { operand in
        if operand.access.writes { return need(operand.role) ?? total }
        if operand.feeds.isEmpty { return total }
        return operand.feeds.reduce(ConditionTable.never) { table.union($0, need($1) ?? ConditionTable.never) }
      }
      result[index] = needs
      for (operand, need) in zip(kernel.operands, needs) {
        if operand.access == .write { wanted[operand.buffer] = ConditionTable.never }
        if operand.access.reads { wanted[operand.buffer] = table.union(wanted[operand.buffer], need) }
      }
    }
    return numbered(result, table.sets)
  }

  /// Only the sets that operands have, numbered from the last kernel on.
  private static func numbered(
    _ needs: [[ConditionID]], _ sets: [AtomSet]
  ) -> (conditions: [AtomSet], needs: [[ConditionID]]) {
    var conditions: [AtomSet] = []
    var numbers = [ConditionID?](repeating: nil, count: sets.count)
    var result = needs
    for index in needs.indices.reversed() {
      result[index] = needs[index].map { set in
        if let known = numbers[set] { return known }
        numbers[set] = conditions.count
        conditions.append(sets[set])
        return conditions.count - 1
      }
    }
    return (conditions, result)
  }
}
