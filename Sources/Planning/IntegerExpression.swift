import Optimization

/// Bytes as a linear function of binary columns, exact.
struct IntegerExpression {
  var constant = 0
  /// By the column's index, as far as any is used.
  private var terms: [(column: LinearModel.Column, bytes: Int)?] = []

  mutating func add(_ bytes: Int, _ column: LinearModel.Column) {
    while terms.count <= column.index { terms.append(nil) }
    terms[column.index] = (column, bytes + (terms[column.index]?.bytes ?? 0))
  }

  /// Adds `bytes` where no column of an at-most-one set is taken.
  mutating func add(_ bytes: Int, whenNoneOf columns: [LinearModel.Column]) {
    constant += bytes
    for column in columns { add(-bytes, column) }
  }

  /// The bytes of one assignment, a value a column.
  func bytes(_ values: [Bool]) -> Int {
    zip(terms, values).reduce(constant) { $1.1 ? $0 + ($1.0?.bytes ?? 0) : $0 }
  }

  /// The row `self ≤ capacity` in MiB; a byte count over 2²⁰ is exact in a `Double`.
  func row(capacity: Int) -> (terms: [(LinearModel.Column, Double)], upper: Double) {
    let mebibyte = 1_048_576.0
    let used = terms.compactMap { $0 }.filter { $0.bytes != 0 }
    return (used.map { ($0.column, Double($0.bytes) / mebibyte) }, Double(capacity - constant) / mebibyte)
  }
}
