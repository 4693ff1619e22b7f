/// An assignment that satisfies every row of its model, as checked by ``LinearModel/violations(of:tolerance:)``.
public struct Solution: Sendable, Equatable {
  /// One value a column, in the model's order.
  public let values: [Bool]
  /// Σ cⱼ xⱼ + constant.
  public let objective: Double

  /// The value of a column of the model that was solved.
  public subscript(column: LinearModel.Column) -> Bool { values[column.index] }
}

/// Why a search ended.
public enum Termination: Sendable, Equatable {
  /// No assignment is better than the solution, up to the solver's tolerance (see ``SolveResult/bound``).
  case optimal
  /// The solution is within the requested gap of the bound; a better one may exist.
  case gapReached
  /// The node limit was used up; the solution, if there is one, is within ``SolveResult/gap`` of the best.
  case nodeLimit
  /// The time limit was used up; as for `nodeLimit`, but another run may end elsewhere.
  case timeLimit
  /// The caller cancelled; as for `timeLimit`.
  case cancelled
  /// No assignment satisfies all rows and fixings.
  case infeasible
  /// The solver's answer could not be trusted and was dropped; a solution, if there is one, is the incumbent handed in.
  case numericalTrouble(NumericalTrouble)
}

/// What was wrong with a solver's answer.
public enum NumericalTrouble: Sendable, Equatable, CustomStringConvertible {
  /// The solver gave up with an error code of its own.
  case solverFailed
  /// The solver ran into a failed internal check and was stopped from ending the process.
  case solverAborted
  /// The solver returned this value for a column that must be 0 or 1.
  case fractionalValue(column: String, value: Double)
  /// The solver's assignment breaks the model.
  case violatedAnswer(Violation)
  /// The solver claims that nothing, or nothing as good, exists where a feasible incumbent was handed in.
  case incumbentContradicted

  public var description: String {
    switch self {
    case .solverFailed: "the solver gave up; see the raw status"
    case .solverAborted: "the solver failed an internal check; see the raw status"
    case .fractionalValue(let column, let value): "the solver set binary column '\(column)' to \(value)"
    case .violatedAnswer(let violation): "the solver's answer breaks the model: \(violation)"
    case .incumbentContradicted: "the solver claims that the incumbent handed in cannot exist"
    }
  }
}

/// What the solver itself said, for logs and bug reports.
public struct RawStatus: Sendable, Codable, Equatable {
  /// The solver's return code; 0 for solvers that have none.
  public let code: Int
  /// The names of the code and the solution status, or the text of a fatal error.
  public let text: String
}

/// The outcome of one solve: why it ended, what it holds, and what the solver said, as three separate values.
public struct SolveResult: Sendable, Equatable {
  public let termination: Termination

  /// The best assignment known, or nil.
  public let solution: Solution?

  public let raw: RawStatus

  /// No feasible assignment has an objective above this; −∞ if none exists.
  ///
  /// Equals the solution's objective when the optimum is proven. That proof is GLPK's, in floating point: a better
  /// assignment could escape it by 1e-7 · (|objective| + number of columns · largest |coefficient|), the width its
  /// simplex tolerances allow. Bounds of unfinished searches are raised by that much, so they hold. After numerical
  /// trouble this is the root relaxation's bound.
  public let bound: Double

  /// (bound − objective) / max(|objective − constant|, largest |coefficient|), or nil without a solution.
  ///
  /// The usual relative gap, except that the denominator never falls below the largest coefficient: near an objective
  /// of zero the usual one is meaningless. Neither adding a constant nor changing the unit of the objective changes it.
  public let gap: Double?

  /// Branch-and-bound subproblems taken up; 0 if the root relaxation decided alone.
  public let nodes: Int

  /// Wall-clock time of the whole call; the one value that differs between equal runs.
  public let seconds: Double
}
