/// Something that maximises a ``LinearModel``.
public protocol MILPSolver: Sendable {
  /// Solves the model on the calling thread and returns when done.
  ///
  /// Infeasibility, limits and numerical trouble are results, not errors.
  /// - Throws: ``ModelError`` or ``SolverError``, before any search, when the question itself is unusable.
  func solve(_ model: LinearModel, options: SolveOptions) throws -> SolveResult
}

extension MILPSolver {
  /// Solves the model to proven optimality within the default time limit.
  public func solve(_ model: LinearModel) throws -> SolveResult {
    try solve(model, options: SolveOptions())
  }
}

/// Why a solver refused to start.
public enum SolverError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An option is out of range.
  case unusableOption(name: String, value: String, allowed: String)
  /// The incumbent handed in is not a solution of the model; this is the first thing it breaks.
  case infeasibleIncumbent(Violation)
  /// ``BruteForceSolver`` was given too many free columns.
  case tooManyFreeColumns(found: Int, limit: Int)

  public var description: String {
    switch self {
    case .unusableOption(let name, let value, let allowed):
      "option \(name) is \(value): it must be \(allowed)"
    case .infeasibleIncumbent(let violation):
      "the incumbent is not a solution: \(violation); repair it or leave it out"
    case .tooManyFreeColumns(let found, let limit):
      "\(found) free columns are too many to enumerate (limit \(limit)): fix some or use another solver"
    }
  }
}
