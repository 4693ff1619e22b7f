import Graph
import Optimization
import Steps

/// The choice of what trains as a binary linear program.
///
/// Columns: one for every way to train a group; one, `y`, for every condition that spans several groups, such as "backward reaches
/// this layer" (true when anything below trains; nested conditions imply each other, which makes them monotone over the
/// stack); and for buffers sized by a layer's learner nodes, one for every pair of a retention level and such a condition.
///
/// Rows: bytes alive at a kernel of the template, written from the uses of every buffer. They are added as the caller asks, because
/// few of them ever bind.
struct MemoryProgram {
  typealias Column = LinearModel.Column

  let template: StepTemplate
  let space: DecisionSpace
  let countsMapped: Bool
  private(set) var model: LinearModel
  /// By group, then option.
  private let options: [[Column]]
  private var reaches: [AtomSet: Column] = [:]
  private var products: [Product: [Column]] = [:]
  private let activations: [[AtomSet]]
  /// By buffer, in the order of kernels.
  private let uses: [[Use]]
  private let pinned: AtomSet
  private var statics = ByteExpression()

  private struct Product: Hashable {
    let group: Int
    let condition: AtomSet
  }

  /// A kernel's use of a buffer and the decisions under which it happens, provided that the kernel's sides have nodes.
  private struct Use {
    let kernel: Int
    let need: AtomSet
    let sides: [NodeSide]
  }

  /// - Parameter countsMapped: whether clean pages of the checkpoint count towards the budget.
  init(template: StepTemplate, space: DecisionSpace, countsMapped: Bool) {
    self.template = template
    self.space = space
    self.countsMapped = countsMapped
    var model = LinearModel()
    let scale = space.totalScore > 0 ? space.totalScore : 1
    let options = space.choices.map { choice in
      choice.options.map {
        model.addColumn("\(choice.group.name).\($0.label)", objective: $0.score / scale)
      }
    }
    for (choice, columns) in zip(space.choices, options) {
      if columns.count > 1 {
        model.addRow("one.\(choice.group.name)", terms: columns.map { ($0, 1) }, upper: 1)
      }
      if choice.isPinned, let last = columns.last { model.fix(last, to: true) }
    }
    self.model = model
    self.options = options
    activations = space.choices.map { choice in
      choice.options.map { template.atoms.active(Self.selection(choice, $0, space.graph)) }
    }
    var uses = Array(repeating: [Use](), count: template.buffers.count)
    for (index, needs) in template.needs.enumerated() {
      let kernel = template.kernels[index]
      for (operand, need) in zip(kernel.operands, needs) {
        uses[operand.buffer].append(Use(kernel: index, need: need, sides: kernel.sides))
      }
    }
    self.uses = uses
    var pinned = template.atoms.set(.always)
    for (choice, active) in zip(space.choices, activations) where choice.isPinned {
      if let last = active.last { pinned.formUnion(last) }
    }
    self.pinned = pinned
    statics = staticBytes()
  }

  /// Requires that at most `capacity` bytes live while a kernel of the template runs.
  mutating func addPeakRow(kernel: Int, capacity: Int) {
    let row = liveBytes(at: kernel).row(capacity: capacity)
    model.addRow("live.\(kernel).\(template.kernels[kernel].name)", terms: row.terms, upper: row.upper)
  }

  /// Excludes one decision and no other.
  mutating func exclude(_ chosen: [Int?]) {
    let terms = zip(options, chosen).flatMap { columns, option in
      columns.indices.map { (columns[$0], $0 == option ? 1.0 : -1.0) }
    }
    let taken = chosen.count { $0 != nil }
    model.addRow("excluded.\(model.rows.count)", terms: terms, upper: Double(taken - 1))
  }

  /// What a solution of the model decides, group by group.
  func chosen(_ solution: Solution) -> [Int?] {
    options.map { $0.firstIndex { solution[$0] } }
  }

  /// The full assignment, auxiliary columns included, that a decision implies.
  func assignment(_ chosen: [Int?]) -> [Bool] {
    var values = Array(repeating: false, count: model.columns.count)
    var active = template.atoms.set(.always)
    for (group, option) in chosen.enumerated() {
      guard let option else { continue }
      values[options[group][option].index] = true
      active.formUnion(activations[group][option])
    }
    for (condition, column) in reaches { values[column.index] = !condition.isDisjoint(with: active) }
    for (product, columns) in products where !product.condition.isDisjoint(with: active) {
      values[columns[chosen[product.group] ?? options[product.group].count].index] = true
    }
    return values
  }

  // MARK: Expressions

  private static func selection(
    _ choice: GroupChoices, _ option: GroupOption?, _ graph: EncoderGraph
  ) -> Selection {
    var selection = Selection.frozen(graph)
    if let option {
      selection.trainable = Set(option.trainable)
      if let layer = choice.group.layer { selection.retained[layer] = option.retained }
    }
    return selection
  }

  /// Weights, optimizer states and inputs, by group and option.
  private func staticBytes() -> ByteExpression {
    var expression = ByteExpression()
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

  private mutating func liveBytes(at kernel: Int) -> ByteExpression {
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

  private mutating func add(_ bytes: Int, when need: AtomSet, to expression: inout ByteExpression) {
    if !need.isDisjoint(with: pinned) {
      expression.constant += bytes
    } else {
      for column in condition(need) { expression.add(bytes, column) }
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
    _ id: BufferID, group: Int, at kernel: Int, to expression: inout ByteExpression
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
    for (index, (bytes, need)) in cases.enumerated() where bytes > 0 && !need.isEmpty {
      if need.isDisjoint(with: pinned) {
        expression.add(bytes, product(group, need)[index])
      } else if index < options[group].count {
        expression.add(bytes, options[group][index])
      } else {
        expression.add(bytes, whenNoneOf: options[group])
      }
    }
  }

  // MARK: Auxiliary columns

  private func groups(activating need: AtomSet) -> [Int] {
    activations.indices.filter { activations[$0].contains { !$0.isDisjoint(with: need) } }
  }

  private func activating(_ need: AtomSet, group: Int) -> [Column] {
    zip(options[group], activations[group]).filter { !$1.isDisjoint(with: need) }.map(\.0)
  }

  /// Columns whose sum is at least 1 exactly when the condition holds.
  private mutating func condition(_ need: AtomSet) -> [Column] {
    let deciding = groups(activating: need)
    if deciding.count == 1 { return activating(need, group: deciding[0]) }
    if deciding.isEmpty { return [] }
    if let column = reaches[need] { return [column] }
    // Nested conditions imply each other; only what is new needs a row of its own.
    let inner = reaches.filter { need.isSuperset(of: $0.key) }
      .max { ($0.key.count, $1.value.index) < ($1.key.count, $0.value.index) }
    let column = model.addColumn("reach.\(reaches.count)")
    if let inner {
      model.addImplication("nested.\(column.index)", if: inner.value, then: column)
    }
    let rest = inner.map { need.subtracting($0.key) } ?? need
    for group in groups(activating: rest) {
      model.addRow(
        "reach.\(column.index).\(space.choices[group].group.name)",
        terms: activating(rest, group: group).map { ($0, 1) } + [(column, -1)], upper: 0)
    }
    reaches[need] = column
    return [column]
  }

  /// One column for each option of a group (and last, for none) that is 1 when it is taken and the condition holds.
  ///
  /// Written as a disaggregation (each at most its option, together at least the condition), which is the convex hull of these
  /// products over an at-most-one set. An option that makes the condition true itself needs no column of its own.
  private mutating func product(_ group: Int, _ need: AtomSet) -> [Column] {
    let key = Product(group: group, condition: need)
    if let columns = products[key] { return columns }
    let name = space.choices[group].group.name
    let whole = condition(need)
    var columns: [Column] = []
    for (option, active) in zip(options[group], activations[group]) {
      if !active.isDisjoint(with: need) {
        columns.append(option)
        continue
      }
      let column = model.addColumn("\(name).with.\(products.count).\(columns.count)")
      model.addImplication("with.\(column.index)", if: column, then: option)
      columns.append(column)
    }
    let none = model.addColumn("\(name).with.\(products.count).none")
    model.addRow("with.\(none.index)", terms: options[group].map { ($0, 1) } + [(none, 1)], upper: 1)
    columns.append(none)
    model.addRow(
      "with.\(name).\(products.count)", terms: columns.map { ($0, 1) } + whole.map { ($0, -1) }, lower: 0)
    products[key] = columns
    return columns
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
