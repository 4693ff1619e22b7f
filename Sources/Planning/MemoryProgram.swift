import Graph
import Optimization
import Steps

/// The choice of what trains as a binary linear program.
///
/// Columns: one for every way to train a group; one, `y`, for every condition that spans several groups, such as "backward reaches
/// this layer" (true when anything below trains; nested conditions imply each other, which makes them monotone over the
/// stack); and for buffers sized by a layer's learner nodes, one for every pair of a retention level and such a condition.
///
/// Rows: bytes alive at a kernel of the template, written from the uses of every buffer, which are added as the caller asks, because
/// few of them ever bind; and the step's time, written from the kernels' needs.
struct MemoryProgram {
  typealias Column = LinearModel.Column

  let template: StepTemplate
  let space: DecisionSpace
  let countsMapped: Bool
  var model: LinearModel
  /// By group, then option.
  let options: [[Column]]
  var reaches: [AtomSet: Column] = [:]
  var products: [Product: [Column]] = [:]
  /// By condition, columns whose sum is at least 1 exactly when it holds.
  var conditionColumns: [AtomSet: [Column]] = [:]
  /// By group, what each of its options makes of a selection alone, and last what none does.
  let selections: [[Selection]]
  /// By group, then option: the atoms that it makes true.
  let activations: [[AtomSet]]
  /// By buffer, in the order of kernels.
  let uses: [[Use]]
  /// What is decided before anything is chosen: what all options of a group that must train have in common.
  let pinned: AtomSet
  private(set) var statics = IntegerExpression()

  struct Product: Hashable {
    let group: Int
    let condition: AtomSet
  }

  /// A kernel's use of a buffer and the condition under which it happens, provided that the kernel's sides have nodes.
  struct Use {
    let kernel: Int
    let need: ConditionID
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
        let least = choice.mustTrain ? 1.0 : nil
        model.addRow("one.\(choice.group.name)", terms: columns.map { ($0, 1) }, lower: least, upper: 1)
      } else if choice.mustTrain, let only = columns.first {
        model.fix(only, to: true)
      }
    }
    for (index, link) in space.links.enumerated() {
      model.addRow(
        "link.\(index).\(space.choices[link.group].group.name)",
        terms: options[link.group].dropFirst(link.option).map { ($0, 1) }
          + options[link.needed].dropFirst(link.neededOption).map { ($0, -1) }, upper: 0)
    }
    self.model = model
    self.options = options
    selections = space.choices.map { choice in
      (choice.options + [nil]).map { Self.selection(choice, $0, space.graph) }
    }
    activations = selections.map { $0.dropLast().map(template.atoms.active) }
    var uses = Array(repeating: [Use](), count: template.buffers.count)
    for (index, needs) in template.needs.enumerated() {
      for (operand, need) in zip(template.kernels[index].operands, needs) {
        uses[operand.buffer].append(Use(kernel: index, need: need))
      }
    }
    self.uses = uses
    var pinned = template.atoms.set(.always)
    for (choice, active) in zip(space.choices, activations) where choice.mustTrain {
      guard var common = active.first else { continue }
      for other in active.dropFirst() { common.formIntersection(other) }
      pinned.formUnion(common)
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

  /// What one group alone makes of a selection.
  static func selection(
    _ choice: GroupChoices, _ option: GroupOption?, _ graph: EncoderGraph
  ) -> Selection {
    var selection = Selection.frozen(graph)
    if let option {
      selection.trainable = Set(option.trainable)
      if let layer = choice.group.layer { selection.retained[layer] = option.retained }
    }
    return selection
  }
}
