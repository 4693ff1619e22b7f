/// When a search may stop, and what it starts from.
///
/// Limit a search by `nodeLimit` where the answer must not depend on the machine: two runs with the same model and the
/// same node limit return the same bits. `timeLimit` is a safety net; an answer cut short by it is not reproducible.
public struct SolveOptions: Sendable, Equatable {
  /// Stop once ``SolveResult/gap`` is at most this; 0 searches until the optimum is proven.
  public var relativeGap: Double

  /// Stop after this many branch-and-bound subproblems (the root is the first), or nil.
  public var nodeLimit: Int?

  /// Stop after this much wall-clock time, or nil.
  ///
  /// GLPK looks at the clock between subproblems and inside the simplex method.
  public var timeLimit: Duration?

  /// An assignment that satisfies the model, one value a column, or nil.
  ///
  /// The result is never worse than it, whatever happens in the solver. ``GLPKSolver`` also submits it at the root, so
  /// that subproblems which cannot beat it are cut off.
  public var incumbent: [Bool]?

  /// An objective that the caller holds by other means; once the bound is within the gap of it, the search stops, with or without
  /// a solution of its own.
  public var cutoff = -Double.infinity

  /// Ends the search from outside.
  public var cancellation: Cancellation?

  public init(
    relativeGap: Double = 0, nodeLimit: Int? = nil, timeLimit: Duration? = .seconds(60),
    incumbent: [Bool]? = nil
  ) {
    self.relativeGap = relativeGap
    self.nodeLimit = nodeLimit
    self.timeLimit = timeLimit
    self.incumbent = incumbent
  }

  /// Checks the options and returns the incumbent as a solution of the model.
  ///
  /// - Throws: ``SolverError`` for an option out of range or an incumbent that breaks a row, ``ModelError`` for an
  ///   invalid model or an incumbent of the wrong length.
  func checkedIncumbent(for model: LinearModel) throws -> Solution? {
    guard relativeGap >= 0, relativeGap.isFinite else {
      throw SolverError.unusableOption(
        name: "relativeGap", value: "\(relativeGap)", allowed: "finite and at least 0")
    }
    if let nodeLimit, nodeLimit < 1 {
      throw SolverError.unusableOption(name: "nodeLimit", value: "\(nodeLimit)", allowed: "at least 1, or nil")
    }
    if let timeLimit, timeLimit <= .zero {
      throw SolverError.unusableOption(name: "timeLimit", value: "\(timeLimit)", allowed: "above 0, or nil")
    }
    guard let incumbent else { return nil }
    if let violation = try model.violations(of: incumbent).first {
      throw SolverError.infeasibleIncumbent(violation)
    }
    return Solution(values: incumbent, objective: try model.objective(of: incumbent))
  }
}
