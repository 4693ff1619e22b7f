import Foundation

extension LinearModel {
  /// The model in CPLEX LP format, so that any other solver can be asked the same question.
  ///
  /// The same model always gives the same text. Names are made safe by ``LPNames``. A row with two different bounds
  /// becomes two rows (GLPK's reader knows no ranges), one without bounds is left out. All columns are listed in the
  /// objective, which keeps their order; the constant is the coefficient of a column `constant` that is fixed at 1.
  ///
  /// Numbers are written as they are; ``GLPKSolver`` scales rows and objectives in unusual units, other solvers may
  /// need that done.
  ///
  /// - Throws: ``ModelError`` if the model is invalid.
  public func lpFormat() throws(ModelError) -> String {
    try validate()
    var columnNames = LPNames(reserving: "constant")
    var rowNames = LPNames(reserving: "objective")
    let names = columns.map { columnNames.safeName(for: $0.name) }

    var text = "\\ \(columns.count) binary columns, \(rows.count) rows\nMaximize\n"
    let objective = zip(columns, names).map { ($0.objective, $1) } + [(constant, "constant")]
    text += Self.expression("objective", objective) + "\nSubject To\n"
    for row in rows {
      let terms =
        row.terms.isEmpty ? [(0, "constant")] : row.terms.map { ($0.coefficient, names[$0.column.index]) }
      for (relation, bound) in row.relations {
        text += Self.expression(rowNames.safeName(for: row.name), terms) + " \(relation) \(bound)\n"
      }
    }
    text += "Bounds\n constant = 1\n"
    for (column, name) in zip(columns, names) {
      if let fixed = column.fixedValue { text += " \(name) = \(fixed ? 1 : 0)\n" }
    }
    text += "Binary\n"
    // A fixed column must not be listed: that would reset its bounds to [0, 1].
    for (column, name) in zip(columns, names) where column.fixedValue == nil { text += " \(name)\n" }
    return text + "End\n"
  }

  /// Writes ``lpFormat()`` to a file, replacing it.
  ///
  /// - Throws: ``ModelError``, or Foundation's error if the file cannot be written.
  public func writeLP(to url: URL) throws {
    try Data(lpFormat().utf8).write(to: url, options: .atomic)
  }

  /// ` name: + 3.0 x - 1.0 y`, broken into lines of at most about 100 bytes (readers limit them to 255 or more).
  private static func expression(_ name: String, _ terms: [(Double, String)]) -> String {
    var text = " \(name):"
    var lineLength = text.utf8.count
    for (coefficient, column) in terms {
      let term = " \(coefficient < 0 ? "-" : "+") \(abs(coefficient)) \(column)"
      if lineLength + term.utf8.count > 100 {
        text += "\n "
        lineLength = 1
      }
      text += term
      lineLength += term.utf8.count
    }
    return text
  }
}

extension LinearModel.RowDefinition {
  fileprivate var relations: [(relation: String, bound: Double)] {
    if let lower, lower == upper { return [("=", lower)] }
    return [(">=", lower), ("<=", upper)].compactMap { relation, bound in bound.map { (relation, $0) } }
  }
}
