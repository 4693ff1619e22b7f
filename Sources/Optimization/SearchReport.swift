/// What a solver claims, before anything of it is believed.
struct SearchReport: Equatable {
  enum Outcome: Equatable {
    case optimal, gapReached, nodeLimit, timeLimit, cancelled, infeasible, failed, aborted
  }

  var outcome: Outcome
  var raw: RawStatus
  /// One number a column, or nil if the solver holds no assignment.
  var values: [Double]?
  /// An upper bound of the objective, constant included; +∞ if the solver has none.
  var bound: Double
  /// The bound when the root relaxation was solved.
  var rootBound: Double
  var nodes: Int
}

extension SolveResult {
  /// Checks a report against the model and turns it into a result.
  ///
  /// Nothing here depends on a particular solver.
  init(
    of model: LinearModel, _ report: SearchReport, incumbent: Solution?, since start: ContinuousClock.Instant
  ) throws {
    var (answer, trouble) = try Self.read(report.values, of: model)
    if trouble == nil {
      trouble = Self.contradiction(in: report, answer, incumbent, scale: model.objectiveScale)
    }
    if trouble != nil { answer = nil }

    // On a tie the incumbent stays: a plan should not change for nothing.
    let solution = [incumbent, answer].compactMap { $0 }.reduce(nil as Solution?) { best, next in
      best.map { next.objective > $0.objective ? next : $0 } ?? next
    }
    let termination = trouble.map(Termination.numericalTrouble) ?? report.outcome.termination
    let bound =
      switch termination {
      case .infeasible: -Double.infinity
      case .optimal: solution?.objective ?? report.rootBound
      case .numericalTrouble: min(report.rootBound, model.sumOfGains)
      case .gapReached, .nodeLimit, .timeLimit, .cancelled: min(report.bound, model.sumOfGains)
      }
    let validBound = max(bound, solution?.objective ?? -.infinity)
    self.init(
      termination: termination, solution: solution, raw: report.raw, bound: validBound,
      gap: solution.map { model.gap(from: $0.objective, to: validBound) }, nodes: report.nodes,
      seconds: start.duration(to: .now).inSeconds)
  }

  /// Rounds a solver's numbers to an assignment and checks it, or says what is wrong with it.
  private static func read(
    _ numbers: [Double]?, of model: LinearModel
  ) throws(ModelError) -> (answer: Solution?, trouble: NumericalTrouble?) {
    guard let numbers else { return (nil, nil) }
    for (column, number) in zip(model.columns, numbers) {
      guard abs(number) <= roundingTolerance || abs(number - 1) <= roundingTolerance else {
        return (nil, .fractionalValue(column: column.name, value: number))
      }
    }
    let values = numbers.map { $0 > 0.5 }
    if let violation = try model.violations(of: values).first { return (nil, .violatedAnswer(violation)) }
    return (Solution(values: values, objective: try model.objective(of: values)), nil)
  }

  /// GLPK rounds the values it returns, so anything but 0 or 1 is suspicious; 1e-5 is its default tol_int.
  private static let roundingTolerance = 1e-5

  /// What a report says that cannot be, given what the caller holds.
  private static func contradiction(
    in report: SearchReport, _ answer: Solution?, _ incumbent: Solution?, scale: Double
  ) -> NumericalTrouble? {
    switch report.outcome {
    case .failed: return .solverFailed
    case .aborted: return .solverAborted
    case .infeasible: return incumbent == nil ? nil : .incumbentContradicted
    case .gapReached, .nodeLimit, .timeLimit, .cancelled: return nil
    case .optimal:
      guard let answer else { return .solverFailed }
      guard let incumbent else { return nil }
      let slack = LinearModel.feasibilityTolerance * max(abs(incumbent.objective), scale)
      return incumbent.objective > answer.objective + slack ? .incumbentContradicted : nil
    }
  }
}

extension SearchReport.Outcome {
  fileprivate var termination: Termination {
    switch self {
    case .optimal: .optimal
    case .gapReached: .gapReached
    case .nodeLimit: .nodeLimit
    case .timeLimit: .timeLimit
    case .cancelled: .cancelled
    case .infeasible: .infeasible
    case .failed: .numericalTrouble(.solverFailed)
    case .aborted: .numericalTrouble(.solverAborted)
    }
  }
}

extension LinearModel {
  /// The largest magnitude of an objective coefficient.
  var objectiveScale: Double { columns.reduce(0) { max($0, abs($1.objective)) } }

  /// The objective if no row existed: the bound that holds before anything is solved.
  var sumOfGains: Double {
    columns.reduce(0) { sum, column in
      switch column.fixedValue {
      case nil: sum + max(0, column.objective)
      case true?: sum + column.objective
      case false?: sum
      }
    } + constant
  }

  /// See ``SolveResult/gap``.
  func gap(from objective: Double, to bound: Double) -> Double {
    guard bound > objective else { return 0 }
    return (bound - objective) / max(abs(objective - constant), objectiveScale)
  }
}
