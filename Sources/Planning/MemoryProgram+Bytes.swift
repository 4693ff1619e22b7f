import Graph
import Optimization
import Steps

/// Bytes alive at a kernel as a linear function of the columns.
extension MemoryProgram {
  /// Weights, optimizer states and inputs, by group and option.
  func staticBytes() -> IntegerExpression {
    var expression = IntegerExpression()
    expression.constant = template.staticBytes(
      of: template.buffers.filter { $0.content == .input }, .frozen(space.graph), countsMapped: countsMapped)
    var byGroup = Array(repeating: [BufferTemplate](), count: space.choices.count)
    for buffer in template.buffers {
      if let part = buffer.part { byGroup[space.graph.parameters[part.parameter].group].append(buffer) }
    }
    for (index, columns) in options.enumerated() {
      let bytes = selections[index].map {
        template.staticBytes(of: byGroup[index], $0, countsMapped: countsMapped)
      }
      expression.add(bytes[columns.count], whenNoneOf: columns)
      for (column, bytes) in zip(columns, bytes) { expression.add(bytes, column) }
    }
    return expression
  }

  mutating func liveBytes(at kernel: Int) -> IntegerExpression {
    var expression = statics
    for (id, buffer) in template.buffers.enumerated() where !buffer.isStatic {
      guard let first = birth(of: id), let last = uses[id].last?.kernel,
        (first...last).contains(kernel)
      else { continue }
      if let group = nodeGroup(of: id) {
        addNodeDependent(id, group: group, at: kernel, to: &expression)
      } else {
        let need = need(of: id, at: kernel)
        add(bytes(buffer, .frozen(space.graph)), when: need, to: &expression)
      }
    }
    return expression
  }

  private func bytes(_ buffer: BufferTemplate, _ selection: Selection) -> Int {
    template.layout(of: buffer, selection, pinned)?.bytes ?? 0
  }

  /// The decisions under which a buffer takes bytes of its own at a kernel: those under which it is used there or later.
  ///
  /// Where it is written in place of an input, it takes none as long as nothing needs that input afterwards.
  private func need(of id: BufferID, at kernel: Int, where survives: (Use) -> Bool = { _ in true }) -> AtomSet {
    func union(_ buffer: BufferID, from first: Int) -> AtomSet {
      uses[buffer].reduce(into: AtomSet()) {
        if $1.kernel >= first, survives($1) { $0.formUnion(template.conditions[$1.need]) }
      }
    }
    let need = union(id, from: kernel)
    guard let (input, output) = template.kernels[kernel].inPlace, output == id else { return need }
    let later = union(input, from: kernel + 1)
    let isAlways = !need.isDisjoint(with: template.atoms.set(.always))
    return isAlways || need.isSuperset(of: later) ? later : need
  }

  /// The first kernel at which a buffer may be alive.
  private func birth(of buffer: BufferID) -> Int? {
    template.buffers[buffer].persists ? 0 : uses[buffer].first?.kernel
  }

  /// Adds an amount where a need holds.
  mutating func add(_ amount: Int, when need: AtomSet, to expression: inout IntegerExpression) {
    if !need.isDisjoint(with: pinned) {
      expression.constant += amount
    } else {
      for column in condition(need) { expression.add(amount, column) }
    }
  }

  /// The feed-forward pair whose retention decides a buffer's size or which kernels touch it, if any.
  private func nodeGroup(of buffer: BufferID) -> Int? {
    let layer =
      template.buffers[buffer].nodeLayer
      ?? uses[buffer].lazy.map { template.kernels[$0.kernel] }.first { !$0.sides.isEmpty }?.layer
    return layer.flatMap { layer in
      space.choices.firstIndex { $0.group.kind == .feedForward && $0.group.layer == layer }
    }
  }

  /// Adds a buffer that depends on a layer's retention: its size, or its life, because kernels vanish with their nodes.
  private mutating func addNodeDependent(
    _ id: BufferID, group: Int, at kernel: Int, to expression: inout IntegerExpression
  ) {
    let layer = space.choices[group].group.layer ?? 0
    // Of all retentions only none and all take kernels away, so most cases need what the last one did.
    var last: (empty: [NodeSide], isBorn: Bool, need: AtomSet)?
    let cases = selections[group].map { selection -> (bytes: Int, need: AtomSet) in
      let empty = NodeSide.allCases.filter { template.nodes($0, layer: layer, selection) == 0 }
      if last?.empty != empty {
        func survives(_ use: Use) -> Bool {
          !template.kernels[use.kernel].sides.contains(where: empty.contains)
        }
        let first = uses[id].first(where: survives)
        let isBorn = first.map { template.buffers[id].persists || $0.kernel <= kernel } ?? false
        last = (empty, isBorn, need(of: id, at: kernel, where: survives))
      }
      guard let last, last.isBorn else { return (0, AtomSet()) }
      return (bytes(template.buffers[id], selection), last.need)
    }
    if let first = cases.first, cases.allSatisfy({ $0 == first }) {
      add(first.bytes, when: first.need, to: &expression)
      return
    }
    add(cases.map { ($0.bytes, $0.need) }, group: group, to: &expression)
  }

  /// Adds an amount that depends on what is chosen of one group, each where its need holds; the last case is for none.
  mutating func add(
    _ cases: [(amount: Int, need: AtomSet)], group: Int, to expression: inout IntegerExpression
  ) {
    for (index, (amount, need)) in cases.enumerated() where amount > 0 && !need.isEmpty {
      if need.isDisjoint(with: pinned) {
        expression.add(amount, product(group, need)[index])
      } else if index < options[group].count {
        expression.add(amount, options[group][index])
      } else {
        expression.add(amount, whenNoneOf: options[group])
      }
    }
  }
}

extension BufferTemplate {
  /// The tensor part whose weights or state it holds.
  fileprivate var part: ParameterPart? {
    switch content {
    case .parameter(let part), .state(let part, _): part
    case .input, .transient: nil
    }
  }
}

extension StepTemplate {
  /// Bytes of static buffers under a selection; 0 for one that is absent, or mapped where that costs nothing.
  fileprivate func staticBytes(of buffers: [BufferTemplate], _ selection: Selection, countsMapped: Bool) -> Int
  {
    let active = atoms.active(selection)
    return buffers.reduce(0) { sum, buffer in
      guard let layout = layout(of: buffer, selection, active) else { return sum }
      return sum + (layout.isMapped && !countsMapped ? 0 : layout.bytes)
    }
  }
}
