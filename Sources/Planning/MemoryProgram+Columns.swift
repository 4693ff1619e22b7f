import Optimization
import Steps

/// Columns for conditions that span several groups, and for their products with a group's options.
extension MemoryProgram {
  private func groups(activating need: AtomSet) -> [Int] {
    activations.indices.filter { activations[$0].contains { !$0.isDisjoint(with: need) } }
  }

  private func activating(_ need: AtomSet, group: Int) -> [Column] {
    zip(options[group], activations[group]).filter { !$1.isDisjoint(with: need) }.map(\.0)
  }

  /// Columns whose sum is at least 1 exactly when the condition holds.
  mutating func condition(_ need: AtomSet) -> [Column] {
    if let known = conditionColumns[need] { return known }
    let found = makeCondition(need)
    conditionColumns[need] = found
    return found
  }

  private mutating func makeCondition(_ need: AtomSet) -> [Column] {
    let deciding = groups(activating: need)
    if deciding.count == 1 { return activating(need, group: deciding[0]) }
    if deciding.isEmpty { return [] }
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
  mutating func product(_ group: Int, _ need: AtomSet) -> [Column] {
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
