/// Tries every assignment.
///
/// Deliberately simple: it is the oracle that other solvers are tested against.
///
/// It ignores gap, node and time limits. Of several best assignments it returns the first in lexicographic order
/// (0 before 1, first column first), or the incumbent if that is as good.
/// - Complexity: O(2ᶠ · rows + 2ᶠ · entries) for f free columns.
public struct BruteForceSolver: MILPSolver {
  /// 2²² = 4 194 304 assignments, a few seconds for a small model.
  public static let mostFreeColumns = 22

  public init() {}

  /// - Throws: ``SolverError/tooManyFreeColumns(found:limit:)``, and as ``MILPSolver``.
  public func solve(_ model: LinearModel, options: SolveOptions) throws -> SolveResult {
    let start = ContinuousClock.now
    try model.validate()
    let incumbent = try options.checkedIncumbent(for: model)
    var enumeration = Enumeration(model)
    guard enumeration.free.count <= Self.mostFreeColumns else {
      throw SolverError.tooManyFreeColumns(found: enumeration.free.count, limit: Self.mostFreeColumns)
    }
    enumeration.run()
    var best = incumbent
    if let values = enumeration.best {
      let objective = try model.objective(of: values)
      if objective > best?.objective ?? -.infinity { best = Solution(values: values, objective: objective) }
    }
    return SolveResult(
      termination: best == nil ? .infeasible : .optimal, solution: best,
      raw: RawStatus(code: 0, text: "\(enumeration.leaves) assignments tried"),
      bound: best?.objective ?? -.infinity, gap: best == nil ? nil : 0, nodes: enumeration.leaves,
      seconds: start.duration(to: .now).inSeconds)
  }
}

/// Depth-first enumeration of the free columns, with the row values of what is decided so far.
private struct Enumeration {
  let model: LinearModel
  /// The free columns' positions.
  let free: [Int]
  /// Entries by column, as (row, coefficient).
  let entries: [[(row: Int, coefficient: Double)]]
  var values: [Bool]
  var best: [Bool]?
  var bestObjective = -Double.infinity
  var leaves = 0

  init(_ model: LinearModel) {
    self.model = model
    free = model.columns.indices.filter { model.columns[$0].fixedValue == nil }
    values = model.columns.map { $0.fixedValue == true }
    var entries = [[(row: Int, coefficient: Double)]](repeating: [], count: model.columns.count)
    for (row, definition) in model.rows.enumerated() {
      for term in definition.terms { entries[term.column.index].append((row, term.coefficient)) }
    }
    self.entries = entries
  }

  mutating func run() {
    var activities = [Double](repeating: 0, count: model.rows.count)
    for column in values.indices where values[column] { add(column, to: &activities) }
    decide(0, activities: activities, objective: 0)
  }

  /// Decides the free columns from the `depth`-th on; `objective` counts the free columns only.
  private mutating func decide(_ depth: Int, activities: [Double], objective: Double) {
    guard depth < free.count else {
      leaves += 1
      if objective > bestObjective, isFeasible(activities) { (best, bestObjective) = (values, objective) }
      return
    }
    let column = free[depth]
    values[column] = false
    decide(depth + 1, activities: activities, objective: objective)
    values[column] = true
    // Copied, not added and taken away again: rounding errors must not pile up over the enumeration.
    var with = activities
    add(column, to: &with)
    decide(depth + 1, activities: with, objective: objective + model.columns[column].objective)
  }

  private func add(_ column: Int, to activities: inout [Double]) {
    for entry in entries[column] { activities[entry.row] += entry.coefficient }
  }

  private func isFeasible(_ activities: [Double]) -> Bool {
    zip(model.rows, activities).allSatisfy {
      $0.violation(at: $1, tolerance: LinearModel.feasibilityTolerance) == nil
    }
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + 1e-18 * Double(components.attoseconds) }
}
