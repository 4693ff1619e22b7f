import Testing

@testable import Optimization

/// What becomes of a solver's claims, with the claims made up.
///
/// The model is max 2x + 3y, x + y <= 1, optimum 3.
@Suite("Checking a solver's report")
struct SearchReportTests {
  let model: LinearModel
  let x = Solution(values: [true, false], objective: 2)
  let y = Solution(values: [false, true], objective: 3)

  init() {
    var model = LinearModel()
    let columns = [model.addColumn("x", objective: 2), model.addColumn("y", objective: 3)]
    model.addRow("one", terms: columns.map { ($0, 1) }, upper: 1)
    self.model = model
  }

  private func result(
    _ outcome: SearchReport.Outcome, _ values: [Double]?, bound: Double = 3.5, rootBound: Double = 4,
    incumbent: Solution? = nil
  ) throws -> SolveResult {
    let report = SearchReport(
      outcome: outcome, raw: RawStatus(code: 7, text: "raw"), values: values, bound: bound,
      rootBound: rootBound,
      nodes: 5)
    return try SolveResult(of: model, report, incumbent: incumbent, since: .now)
  }

  @Test("a proven optimum is its own bound")
  func optimal() throws {
    let result = try result(.optimal, [0, 1])
    #expect(result.termination == .optimal)
    #expect(result.solution == y)
    #expect(result.bound == 3)
    #expect(result.gap == 0)
    #expect(result.nodes == 5)
    #expect(result.raw == RawStatus(code: 7, text: "raw"))
  }

  @Test(
    "a stopped search keeps its bound and the better of answer and incumbent",
    arguments: [
      (SearchReport.Outcome.nodeLimit, Termination.nodeLimit), (.timeLimit, .timeLimit),
      (.gapReached, .gapReached),
    ])
  func stopped(outcome: SearchReport.Outcome, termination: Termination) throws {
    let without = try result(outcome, nil)
    #expect(without.termination == termination)
    #expect(without.solution == nil && without.gap == nil)
    #expect(without.bound == 3.5)
    let better = try result(outcome, [0, 1], incumbent: x)
    #expect(better.solution == y)
    #expect(better.gap == 0.5 / 3)
    #expect(try result(outcome, [1, 0], incumbent: y).solution == y)
    #expect(try result(outcome, nil, incumbent: x).solution == x)
  }

  @Test("without a solver's bound, the sum of positive coefficients stands in")
  func noBound() throws {
    #expect(try result(.timeLimit, nil, bound: .infinity).bound == 5)
  }

  @Test("a bound below the solution is lifted to it")
  func liftedBound() throws {
    let result = try result(.nodeLimit, [0, 1], bound: 2.9)
    #expect(result.bound == 3 && result.gap == 0)
  }

  @Test("on a tie the incumbent stays")
  func tie() throws {
    var model = LinearModel()
    let columns = [model.addColumn("x", objective: 1), model.addColumn("y", objective: 1)]
    model.addExactlyOne("one", of: columns)
    let report = SearchReport(
      outcome: .optimal, raw: RawStatus(code: 0, text: ""), values: [0, 1], bound: 1, rootBound: 1, nodes: 1)
    let incumbent = Solution(values: [true, false], objective: 1)
    #expect(try SolveResult(of: model, report, incumbent: incumbent, since: .now).solution == incumbent)
  }

  @Test("an answer that breaks a row is dropped and the root's bound reported")
  func violated() throws {
    let result = try result(.optimal, [1, 1], incumbent: x)
    guard case .numericalTrouble(.violatedAnswer(let violation)) = result.termination else {
      Issue.record("\(result.termination)")
      return
    }
    #expect(violation.name == "one" && violation.amount == 1)
    #expect(result.solution == x)
    #expect(result.bound == 4)
  }

  @Test("values that are not 0 or 1 are dropped", arguments: [0.5, -1, 2, 1.001, .nan, .infinity])
  func fractional(value: Double) throws {
    let result = try result(.nodeLimit, [0, value])
    guard case .numericalTrouble(.fractionalValue("y", _)) = result.termination else {
      Issue.record("\(result.termination)")
      return
    }
    #expect(result.solution == nil)
  }

  @Test("claims that an incumbent in hand refutes are not believed")
  func contradiction() throws {
    for result in [try result(.infeasible, nil, incumbent: x), try result(.optimal, [1, 0], incumbent: y)] {
      #expect(result.termination == .numericalTrouble(.incumbentContradicted))
      #expect(result.solution != nil)
      #expect(result.bound == 4)
    }
  }

  @Test("a failure without an answer keeps the incumbent")
  func failed() throws {
    let failed = try result(.failed, nil, rootBound: .infinity, incumbent: x)
    #expect(failed.termination == .numericalTrouble(.solverFailed))
    #expect(failed.solution == x)
    #expect(failed.bound == 5)
    #expect(try result(.aborted, nil).termination == .numericalTrouble(.solverAborted))
    #expect(try result(.optimal, nil).termination == .numericalTrouble(.solverFailed))
  }

  @Test("infeasible has no solution and a bound of minus infinity")
  func infeasible() throws {
    let result = try result(.infeasible, nil)
    #expect(result.termination == .infeasible)
    #expect(result.bound == -.infinity && result.gap == nil)
  }
}
