import Graph
import Optimization
import Steps

/// Bytes alive at a kernel as a linear function of the columns.
extension MemoryProgram {
  /// Weights, optimizer states and inputs, by group and option.
  func staticBytes() -> IntegerExpression {
    var expression = IntegerExpression()
    for buffer in template.buffers where buffer.content == .input {
      expression.constant += template.staticBytes(of: buffer, .frozen(space.graph), countsMapped: countsMapped)
    }
    var byGroup = Array(repeating: [BufferTemplate](), count: space.choices.count)
    for buffer in template.buffers {
      if let part = buffer.part { byGroup[space.graph.parameters[part.parameter].group].append(buffer) }
    }
    for (index, choice) in space.choices.enumerated() {
      func bytes(_ option: GroupOption?) -> Int {
        let selection = Self.selection(choice, option, space.graph)
        return byGroup[index].reduce(0) {
          $0 + template.staticBytes(of: $1, selection, countsMapped: countsMapped)
        }
      }
      expression.add(bytes(nil), whenNoneOf: options[index])
      for (option, column) in zip(choice.options, options[index]) { expression.add(bytes(option), column) }
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
        let need = need(of: id, at: kernel) { _ in true }
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
  private func need(of id: BufferID, at kernel: Int, where survives: (Use) -> Bool) -> AtomSet {
    func union(_ buffer: BufferID, from first: Int) -> AtomSet {
      uses[buffer].reduce(into: AtomSet()) {
        if $1.kernel >= first, survives($1) { $0.formUnion($1.need) }
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
      ?? uses[buffer].first { !$0.sides.isEmpty }.flatMap { template.kernels[$0.kernel].layer }
    return layer.flatMap { layer in
      space.choices.firstIndex { $0.group.kind == .feedForward && $0.group.layer == layer }
    }
  }

  /// Adds a buffer that depends on a layer's retention: its size, or its life, because kernels vanish with their nodes.
  private mutating func addNodeDependent(
    _ id: BufferID, group: Int, at kernel: Int, to expression: inout IntegerExpression
  ) {
    let choice = space.choices[group]
    var cases: [(bytes: Int, need: AtomSet)] = []
    for option in choice.options.map(Optional.some) + [nil] {
      let selection = Self.selection(choice, option, space.graph)
      func survives(_ use: Use) -> Bool {
        use.sides.allSatisfy { template.nodes($0, layer: choice.group.layer ?? 0, selection) > 0 }
      }
      let surviving = uses[id].filter(survives)
      let isBorn = surviving.first.map { template.buffers[id].persists || $0.kernel <= kernel } ?? false
      let need = need(of: id, at: kernel, where: survives)
      cases.append(isBorn ? (bytes(template.buffers[id], selection), need) : (0, AtomSet()))
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
  /// Bytes of a static buffer under a selection; 0 when absent, or mapped where that costs nothing.
  fileprivate func staticBytes(of buffer: BufferTemplate, _ selection: Selection, countsMapped: Bool) -> Int {
    guard buffer.isStatic, let layout = layout(of: buffer, selection, atoms.active(selection)) else { return 0 }
    return layout.isMapped && !countsMapped ? 0 : layout.bytes
  }
}
