/// Linear least squares with coefficients that may not be negative.
enum LeastSquares {
  /// The coefficients c ≥ 0 with the smallest Σ w (Σ c·column − target)².
  ///
  /// For a handful of columns: the best solution leaves some of them out and solves the normal equations of the rest, so all subsets
  /// are tried (Lawson and Hanson, Solving Least Squares Problems, 1974, chapter 23, give the conditions).
  static func nonNegative(columns: [[Double]], target: [Double], weights: [Double]) -> [Double] {
    func product(_ x: [Double], _ y: [Double]) -> Double {
      weights.indices.reduce(0) { $0 + weights[$1] * x[$1] * y[$1] }
    }
    let square = columns.map { row in columns.map { product(row, $0) } }
    let side = columns.map { product($0, target) }
    var best = (gain: 0.0, coefficients: Array(repeating: 0.0, count: columns.count))
    for subset in 1..<(1 << columns.count) {
      let members = columns.indices.filter { subset >> $0 & 1 == 1 }
      guard
        let solution = solve(members.map { row in members.map { square[row][$0] } }, members.map { side[$0] }),
        solution.allSatisfy({ $0 >= 0 })
      else { continue }
      // What the residual falls by.
      let gain = zip(members, solution).reduce(0) { $0 + $1.1 * side[$1.0] }
      if gain > best.gain {
        best.gain = gain
        best.coefficients = Array(repeating: 0, count: columns.count)
        for (member, value) in zip(members, solution) { best.coefficients[member] = value }
      }
    }
    return best.coefficients
  }

  /// Gauss's elimination with pivots; nil where the matrix is singular.
  private static func solve(_ matrix: [[Double]], _ side: [Double]) -> [Double]? {
    var rows = zip(matrix, side).map { $0 + [$1] }
    let count = rows.count
    for column in 0..<count {
      guard
        let pivot = (column..<count).max(by: { rows[$0][column].magnitude < rows[$1][column].magnitude }),
        rows[pivot][column].magnitude > 1e-12 * matrix[column][column].magnitude, rows[pivot][column] != 0
      else { return nil }
      rows.swapAt(column, pivot)
      for row in 0..<count where row != column {
        let factor = rows[row][column] / rows[column][column]
        for index in column...count { rows[row][index] -= factor * rows[column][index] }
      }
    }
    return (0..<count).map { rows[$0][count] / rows[$0][$0] }
  }
}
