import Optimization
import TestSupport

/// A small model of knapsacks, implications, exactly-one groups, ranges and fixings; some are infeasible.
///
/// All numbers are integers times one power of two, so that objectives compare exactly. The objective is, by seed:
/// integers, eighths, tiny (eighths · 2⁻⁴⁰) or large (integers · 2²⁰) with a constant.
func randomModel(seed: Int) -> LinearModel {
  var random = SeededGenerator(seed: seed)
  let unit = [1, 0.125, 0x1p-43, 0x1p20][seed % 4]
  var model = LinearModel(constant: Double(Int.random(in: -50...50, using: &random)) * unit)
  let columns = (0..<Int.random(in: 5...12, using: &random)).map { index in
    model.addColumn("x\(index)", objective: Double(Int.random(in: -9...20, using: &random)) * unit)
  }
  for index in 0..<Int.random(in: 1...3, using: &random) {
    let weights = columns.map { ($0, Double(Int.random(in: 0...15, using: &random))) }
    let share = Double.random(in: 0.2...0.7, using: &random)
    model.addRow(
      "knapsack\(index)", terms: weights, upper: (weights.reduce(0) { $0 + $1.1 } * share).rounded())
  }
  for index in 0..<Int.random(in: 0...4, using: &random) {
    let (a, b) = (columns.randomElement(using: &random), columns.randomElement(using: &random))
    if let a, let b { model.addImplication("implication\(index)", if: a, then: b) }
  }
  if Bool.random(using: &random) {
    let half = columns.count / 2
    model.addExactlyOne("group0", of: Array(columns[..<half]))
    if Bool.random(using: &random) { model.addExactlyOne("group1", of: Array(columns[half...])) }
  }
  if Int.random(in: 0..<3, using: &random) == 0 {
    let terms = columns.map { ($0, Double(Int.random(in: -6...9, using: &random))) }
    let lower = Double(Int.random(in: -4...12, using: &random))
    model.addRow(
      "range", terms: terms, lower: lower, upper: lower + Double(Int.random(in: 0...4, using: &random)))
  }
  for column in columns where Int.random(in: 0..<12, using: &random) == 0 {
    model.fix(column, to: Bool.random(using: &random))
  }
  return model
}

/// Strongly correlated knapsacks (gain = weight + 10 in the first row): GLPK needs many subproblems for them.
func hardModel(columns count: Int, rows: Int, seed: Int) -> LinearModel {
  var random = SeededGenerator(seed: seed)
  var model = LinearModel()
  let weights = (0..<rows).map { _ in (0..<count).map { _ in Double(Int.random(in: 20...100, using: &random)) }
  }
  let columns = (0..<count).map { model.addColumn("x\($0)", objective: weights[0][$0] + 10) }
  for (row, weights) in weights.enumerated() {
    model.addRow(
      "knapsack\(row)", terms: Array(zip(columns, weights)), upper: (weights.reduce(0, +) / 2).rounded(.down))
  }
  return model
}

extension SolveResult {
  /// Everything but the time, which no two runs share.
  var reproduciblePart: String {
    "\(termination) \(String(describing: solution)) \(raw) \(bound.bitPattern) "
      + "\(String(describing: gap?.bitPattern)) \(nodes)"
  }
}

/// Real coefficients whose magnitudes spread over six decades in the objective and three in each row.
///
/// GLPK's simplex method takes the smallest gains for zero, so its bounds come out a little low.
func wideModel(seed: Int) -> LinearModel {
  var random = SeededGenerator(seed: seed)
  var model = LinearModel()
  let columns = (0..<Int.random(in: 4...12, using: &random)).map { index in
    let unit = Double(sign: .plus, exponent: -Int.random(in: 0...20, using: &random), significand: 1)
    return model.addColumn("x\(index)", objective: Double.random(in: -0.3...1, using: &random) * unit)
  }
  for row in 0..<Int.random(in: 1...5, using: &random) {
    let weights = columns.map { column in
      let unit = Double(sign: .plus, exponent: -Int.random(in: 0...10, using: &random), significand: 1)
      return (column, Double.random(in: -0.2...1, using: &random) * unit)
    }
    let share = Double.random(in: 0.1...0.8, using: &random)
    model.addRow("row\(row)", terms: weights, upper: weights.reduce(0) { $0 + $1.1 } * share)
  }
  return model
}
