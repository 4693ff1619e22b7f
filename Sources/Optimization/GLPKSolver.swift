internal import CGLPKGuard

/// GLPK's branch and bound, behind one guarded C function.
///
/// Every solve is synchronous on the calling thread and shares nothing with others, so any number may run at once. It
/// prints nothing, and a fatal error inside GLPK becomes ``NumericalTrouble/solverAborted``. Other GLPK objects of the
/// calling thread, made by other code, do not survive a solve.
///
/// Settings and their reasons are in `docs/decisions/0002-glpk-behind-one-c-function.md`.
public struct GLPKSolver: MILPSolver {
  public init() {}

  public func solve(_ model: LinearModel, options: SolveOptions) throws -> SolveResult {
    let start = ContinuousClock.now
    try model.validate()
    let incumbent = try options.checkedIncumbent(for: model)
    let report = GLPKModel(model).solve(options, incumbent: incumbent)
    return try SolveResult(of: model, report, incumbent: incumbent, since: start)
  }
}

/// A model as the flat arrays that `glpk_guard_solve` takes.
///
/// Rows and objective are multiplied by powers of two, which change no digit, so that their largest magnitudes are in
/// [1024, 2048). GLPK compares with absolute tolerances (1e-9 in its rounding heuristic, 1e-3 in its preprocessing,
/// 1e-7 · (1 + |objective|) for pruning); rows and objectives in small units would drown in them. An objective of
/// integers stays as it is, because GLPK then rounds bounds to integers, which shortens proofs. The constant is left out.
struct GLPKModel {
  var objective: [Double]
  var fixed: [Int8]
  var rowLower: [Double]
  var rowUpper: [Double]
  // Element 0 of these three is not read; indices count from 1.
  var entryRow: [Int32] = [0]
  var entryColumn: [Int32] = [0]
  var entryValue: [Double] = [0]

  let objectiveScale: Double
  let constant: Double

  /// - Precondition: the model is valid, so that its counts fit 32 bits.
  init(_ model: LinearModel) {
    let scale = Self.objectiveScale(for: model.columns.map(\.objective))
    objectiveScale = scale
    constant = model.constant
    objective = model.columns.map { $0.objective * scale }
    fixed = model.columns.map { column in column.fixedValue.map { $0 ? 1 : 0 } ?? -1 }
    let rowScales = model.rows.map { Self.powerOfTwo(scaling: $0.largestCoefficient) }
    rowLower = zip(model.rows, rowScales).map { row, scale in row.lower.map { $0 * scale } ?? -.infinity }
    rowUpper = zip(model.rows, rowScales).map { row, scale in row.upper.map { $0 * scale } ?? .infinity }
    for (row, definition) in model.rows.enumerated() {
      for term in definition.terms where term.coefficient != 0 {
        entryRow.append(Int32(row + 1))
        entryColumn.append(Int32(term.column.index + 1))
        entryValue.append(term.coefficient * rowScales[row])
      }
    }
  }

  private static func objectiveScale(for coefficients: [Double]) -> Double {
    if coefficients.allSatisfy({ $0 == $0.rounded() }) { return 1 }
    return powerOfTwo(scaling: coefficients.reduce(0) { max($0, abs($1)) })
  }

  /// The power of two that brings a magnitude into [1024, 2048), or near it; 1 for zero.
  private static func powerOfTwo(scaling magnitude: Double) -> Double {
    guard magnitude > 0 else { return 1 }
    // Up to 2⁹⁰⁰ ≈ 1e271, so that 1e15 times it is still finite.
    return Double(sign: .plus, exponent: min(10 - Int(magnitude.exponent), 900), significand: 1)
  }

  func solve(_ options: SolveOptions, incumbent: Solution?) -> SearchReport {
    var limits = glpk_guard_options(
      relative_gap: options.relativeGap,
      objective_scale: objective.map(abs).max() ?? 0,
      floor: (max(incumbent?.objective ?? -.infinity, options.cutoff) - constant) * objectiveScale,
      node_limit: options.nodeLimit.map { Int32(clamping: $0) } ?? .max,
      time_limit_ms: options.timeLimit.map(\.inMilliseconds) ?? .max,
      cancelled: options.cancellation.map { UnsafePointer($0.flag) })
    let start: [Double]? = incumbent.map { [0] + $0.values.map { $0 ? 1 : 0 } }
    var result = glpk_guard_result()
    var values = [Double](repeating: 0, count: objective.count)
    var message = [CChar](repeating: 0, count: 512)
    glpk_guard_solve(
      Int32(objective.count), objective, fixed, Int32(rowLower.count), rowLower, rowUpper,
      Int32(entryValue.count - 1), entryRow, entryColumn, entryValue, start,
      &limits, &result, &values, &message, message.count)

    let bytes = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let text = String(decoding: bytes, as: UTF8.self).split(separator: "\n").joined(separator: " ")
    return SearchReport(
      outcome: SearchReport.Outcome(result.outcome),
      raw: RawStatus(code: Int(result.code), text: text),
      values: result.has_values != 0 ? values : nil,
      bound: result.bound / objectiveScale + constant,
      rootBound: result.root_bound / objectiveScale + constant,
      nodes: Int(result.nodes))
  }
}

extension SearchReport.Outcome {
  fileprivate init(_ outcome: glpk_guard_outcome) {
    switch outcome {
    case GLPK_GUARD_OPTIMAL: self = .optimal
    case GLPK_GUARD_GAP: self = .gapReached
    case GLPK_GUARD_NODE_LIMIT: self = .nodeLimit
    case GLPK_GUARD_TIME_LIMIT: self = .timeLimit
    case GLPK_GUARD_CANCELLED: self = .cancelled
    case GLPK_GUARD_INFEASIBLE: self = .infeasible
    case GLPK_GUARD_ABORTED: self = .aborted
    default: self = .failed
    }
  }
}

extension Duration {
  /// Whole milliseconds, at least 1 and less than Int32.max, which means "no limit" to GLPK.
  fileprivate var inMilliseconds: Int32 {
    let milliseconds = (inSeconds * 1000).rounded(.up)
    return milliseconds < Double(Int32.max) ? max(1, Int32(milliseconds)) : Int32.max - 1
  }
}
