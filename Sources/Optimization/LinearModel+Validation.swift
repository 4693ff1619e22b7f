extension LinearModel {
  /// Longest name of a column or row, in bytes of UTF-8: GLPK's limit (glp_set_col_name) and the LP format's.
  public static let longestName = 255

  /// Largest magnitude of any number in a model.
  ///
  /// Past 2⁵³ ≈ 9e15 a Double no longer holds every integer, and a
  /// relative tolerance of 1e-7 has long lost all meaning; below it no sum over a model can overflow.
  public static let largestMagnitude = 1e15

  /// Limits of GLPK 5.0 (M_MAX, N_MAX and NNZ_MAX in its sources), above which it refuses a model.
  static let largestCount = (columns: 100_000_000, rows: 100_000_000, entries: 500_000_000)

  /// Checks everything that a solver relies on.
  ///
  /// - Throws: ``ModelError`` for the first fault: columns in order, then rows in order.
  /// - Complexity: O(columns + entries).
  public func validate() throws(ModelError) {
    try checkCounts()
    try check(constant, "the objective's constant")
    if let column = foreignColumns.first {
      throw .unknownColumn(
        place: "setObjective or fix", index: column.index, columnCount: columns.count)
    }
    for (index, column) in columns.enumerated() {
      guard Self.isUsable(name: column.name) else { throw .unusableName(kind: "column", index: index) }
      try check(column.objective, "the objective coefficient of column '\(column.name)'")
    }
    for (index, row) in rows.enumerated() {
      guard Self.isUsable(name: row.name) else { throw .unusableName(kind: "row", index: index) }
      try check(row)
    }
  }

  private func check(_ row: RowDefinition) throws(ModelError) {
    for term in row.terms {
      guard columns.indices.contains(term.column.index) else {
        throw .unknownColumn(
          place: "row '\(row.name)'", index: term.column.index, columnCount: columns.count)
      }
      try check(
        term.coefficient, "the entry of column '\(columns[term.column.index].name)' in row '\(row.name)'")
    }
    if let lower = row.lower { try check(lower, "the lower bound of row '\(row.name)'") }
    if let upper = row.upper { try check(upper, "the upper bound of row '\(row.name)'") }
    if let lower = row.lower, let upper = row.upper, lower > upper {
      throw .emptyRange(row: row.name, lower: lower, upper: upper)
    }
  }

  private func check(_ value: Double, _ place: @autoclosure () -> String) throws(ModelError) {
    // The comparison is false for NaN, too.
    guard abs(value) <= Self.largestMagnitude else {
      throw .unusableNumber(place: place(), value: value)
    }
  }

  private func checkCounts() throws(ModelError) {
    let entries = rows.reduce(0) { $0 + $1.terms.count }
    for (kind, count, limit) in [
      ("columns", columns.count, Self.largestCount.columns),
      ("rows", rows.count, Self.largestCount.rows),
      ("entries", entries, Self.largestCount.entries),
    ] where count > limit {
      throw .tooLarge(kind: kind, count: count, limit: limit)
    }
  }

  private static func isUsable(name: String) -> Bool {
    (1...longestName).contains(name.utf8.count)
      && !name.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
  }
}
