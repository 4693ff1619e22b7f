import Optimization

/// Bytes as a linear function of binary columns, exact.
struct IntegerExpression {
  var constant = 0
  private(set) var coefficients: [LinearModel.Column: Int] = [:]

  mutating func add(_ bytes: Int, _ column: LinearModel.Column) { coefficients[column, default: 0] += bytes }

  /// Adds `bytes` where no column of an at-most-one set is taken.
  mutating func add(_ bytes: Int, whenNoneOf columns: [LinearModel.Column]) {
    constant += bytes
    for column in columns { add(-bytes, column) }
  }

  mutating func add(_ other: IntegerExpression) {
    constant += other.constant
    for (column, bytes) in other.coefficients { add(bytes, column) }
  }

  /// The bytes of one assignment, a value a column.
  func bytes(_ values: [Bool]) -> Int {
    coefficients.reduce(constant) { values[$1.key.index] ? $0 + $1.value : $0 }
  }

  /// The row `self ≤ capacity` in MiB; a byte count over 2²⁰ is exact in a `Double`.
  func row(capacity: Int) -> (terms: [(LinearModel.Column, Double)], upper: Double) {
    let mebibyte = 1_048_576.0
    let terms = coefficients.filter { $0.value != 0 }.sorted { $0.key.index < $1.key.index }
      .map { ($0.key, Double($0.value) / mebibyte) }
    return (terms, Double(capacity - constant) / mebibyte)
  }
}
