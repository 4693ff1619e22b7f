/// A row, or a column's fixing, that an assignment breaks.
public struct Violation: Sendable, Equatable, CustomStringConvertible {
  /// What is broken.
  public enum Place: Sendable, Hashable {
    case row(LinearModel.Row)
    /// The column is fixed at the other value.
    case fixedColumn(LinearModel.Column)
  }

  public let place: Place
  /// The name of the row or column.
  public let name: String
  /// Distance from the nearest allowed value, in the row's unit, tolerance not deducted; 1 for a fixed column.
  public let amount: Double

  public var description: String {
    switch place {
    case .row: "row '\(name)' is violated by \(amount)"
    case .fixedColumn: "fixed column '\(name)' has the other value"
    }
  }
}

extension LinearModel {
  /// Default tolerance of ``violations(of:tolerance:)``: ten times GLPK's own (tol_bnd = 1e-7), which it applies to a
  /// scaled copy of the model.
  public static let feasibilityTolerance = 1e-6

  /// The rows and fixings that an assignment breaks, worst amounts included, in the model's order.
  ///
  /// Written from the model's definition alone; it shares nothing with any solver.
  ///
  /// - Parameters:
  ///   - values: one value a column, in the model's order.
  ///   - tolerance: a bound b may be missed by `tolerance` · max(|b|, the row's largest |coefficient|), so that the
  ///     unit of a row does not matter.
  /// - Throws: ``ModelError`` if the model is invalid or the number of values is wrong.
  public func violations(
    of values: [Bool], tolerance: Double = feasibilityTolerance
  ) throws(ModelError) -> [Violation] {
    try validate()
    try checkCount(of: values)
    var found: [Violation] = []
    for (index, column) in columns.enumerated() {
      if let fixed = column.fixedValue, fixed != values[index] {
        found.append(Violation(place: .fixedColumn(Column(index: index)), name: column.name, amount: 1))
      }
    }
    for (index, row) in rows.enumerated() {
      let activity = row.terms.reduce(0) { $0 + (values[$1.column.index] ? $1.coefficient : 0) }
      if let amount = row.violation(at: activity, tolerance: tolerance) {
        found.append(Violation(place: .row(Row(index: index)), name: row.name, amount: amount))
      }
    }
    return found
  }

  /// The objective of an assignment, feasible or not: Σ cⱼ xⱼ + constant, summed in column order.
  ///
  /// - Throws: ``ModelError/assignmentCount(found:expected:)``.
  public func objective(of values: [Bool]) throws(ModelError) -> Double {
    try checkCount(of: values)
    return zip(columns, values).reduce(0) { $0 + ($1.1 ? $1.0.objective : 0) } + constant
  }

  private func checkCount(of values: [Bool]) throws(ModelError) {
    guard values.count == columns.count else {
      throw .assignmentCount(found: values.count, expected: columns.count)
    }
  }
}

extension LinearModel.RowDefinition {
  /// The largest magnitude of a coefficient; 0 without terms.
  var largestCoefficient: Double { terms.reduce(0) { max($0, abs($1.coefficient)) } }

  /// How far `activity` is outside the row's bounds, or nil if it is inside within the tolerance.
  func violation(at activity: Double, tolerance: Double) -> Double? {
    if let lower, activity < lower { return significant(lower - activity, from: lower, tolerance) }
    if let upper, activity > upper { return significant(activity - upper, from: upper, tolerance) }
    return nil
  }

  private func significant(_ miss: Double, from bound: Double, _ tolerance: Double) -> Double? {
    miss > tolerance * max(abs(bound), largestCoefficient) ? miss : nil
  }
}
