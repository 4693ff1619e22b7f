import Graph
import Steps
import Testing

@testable import Optimization
@testable import Planning

/// A solver that answers as it is told, to see what the planner believes.
private struct StubSolver: MILPSolver {
  let answer: @Sendable (LinearModel, SolveOptions) throws -> SolveResult

  func solve(_ model: LinearModel, options: SolveOptions) throws -> SolveResult { try answer(model, options) }

  /// Claims that this assignment is the optimum.
  static func claiming(_ values: [Bool], nodes: Int = 0) -> SolveResult {
    SolveResult(
      termination: .optimal, solution: Solution(values: values, objective: 1),
      raw: RawStatus(code: 0, text: ""),
      bound: 1, gap: 0, nodes: nodes, seconds: 0)
  }

  static let silence = RawStatus(code: 14, text: "GLP_ESTOP, GLP_UNDEF")

  static func without(_ termination: Termination, bound: Double) -> SolveResult {
    SolveResult(
      termination: termination, solution: nil, raw: silence, bound: bound, gap: nil, nodes: 0, seconds: 0)
  }
}

@Suite("The planner")
struct PlannerTests {
  @Test("believes the simulation, not the solver: a proposal that does not fit is never a plan")
  func lyingSolver() throws {
    let everything = StubSolver { model, _ in
      StubSolver.claiming(model.columns.map { $0.fixedValue ?? $0.name.hasSuffix(".full") })
    }
    for share in [0, 0.3, 0.9] {
      let request = smallRequest(share)
      let plan = try smallPlan(request, everything)
      #expect(plan.chargedBytes <= request.budgetBytes)
      #expect(plan.status == .notProven && plan.bound == 1)
      #expect(plan.termination == Certificate.misplaced)
    }
  }

  @Test(
    "keeps the plan it had when the solver finds none, and says why",
    arguments: [
      (Termination.infeasible, Certificate.misplaced),
      (.timeLimit, "time limit"), (.nodeLimit, "node limit"),
      (.numericalTrouble(.solverAborted), "numerical trouble"),
    ])
  func noAnswer(termination: Termination, words: String) throws {
    let request = smallRequest(0.5)
    let plan = try smallPlan(request, StubSolver { _, _ in StubSolver.without(termination, bound: 0.97) })
    #expect(plan.objective > 0 && plan.chargedBytes <= request.budgetBytes)
    #expect(plan.status == .notProven && plan.bound == 0.97)
    #expect(plan.termination.hasPrefix(words) && plan.solverStatus == StubSolver.silence)
  }

  @Test("says what GLPK itself said, beside why the search ended, and nothing where nothing was solved")
  func solverStatus() throws {
    let solved = try smallPlan(smallRequest(0.5))
    #expect(try #require(solved.solverStatus).text.contains("GLP_"))
    let everything = try smallPlan(smallRequest(1))
    #expect(everything.solverStatus == nil && everything.termination == "optimal" && everything.rounds == 0)
  }

  @Test("never gives up what it had for a worse proposal")
  func worseProposal() throws {
    let request = smallRequest(0.5)
    // Only the pinned head, which is all that every solution has in common.
    let least = StubSolver { model, _ in StubSolver.claiming(model.columns.map { $0.fixedValue ?? false }) }
    let silent = StubSolver { _, _ in StubSolver.without(.timeLimit, bound: 1) }
    #expect(try smallPlan(request, least).objective == smallPlan(request, silent).objective)
  }

  @Test("does not call a plan optimal that captures nothing while the bound says that something can be")
  func nothingCaptured() throws {
    let request = smallRequest(0) { scores in
      // Only what cannot be afforded is worth anything.
      for name in scores.tensors.keys { scores.tensors[name] = 0 }
      scores.nodes = scores.nodes.map { $0.map { _ in 0 } }
      scores.tensors["embeddings.word_embeddings.weight"] = 1
    }
    let plan = try smallPlan(request, StubSolver { _, _ in StubSolver.without(.nodeLimit, bound: 0.5) })
    #expect(plan.objective == 0 && plan.gap == 1 && plan.status == .notProven)
  }

  /// Asks GLPK, but cancels before a given solve.
  private struct CancellingSolver: MILPSolver {
    let cancellation: Cancellation
    let solves: Int
    let counter = Counter()

    final class Counter: @unchecked Sendable { var solves = 0 }

    func solve(_ model: LinearModel, options: SolveOptions) throws -> SolveResult {
      if counter.solves == solves { cancellation.cancel() }
      counter.solves += 1
      return try GLPKSolver().solve(model, options: options)
    }
  }

  @Test(
    "that is cancelled gives the best so far, labelled, and claims nothing for it", arguments: [0, 1, 2, 4])
  func cancelled(solves: Int) throws {
    var request = smallRequest(0.5, policies: Saving.uniforms)
    request.alternatives.accumulations = [1, 3]
    let cancellation = Cancellation()
    request.options.cancellation = cancellation
    let solver = CancellingSolver(cancellation: cancellation, solves: solves)
    var last = Planner.Progress(done: 0, total: 0, objective: nil)
    guard case .plan(let plan) = try Planner(request, solver: solver).solve(progress: { last = $0 }).outcome
    else {
      Issue.record("infeasible")
      return
    }
    #expect(cancellation.isCancelled && solver.counter.solves == solves + 1)
    #expect(plan.chargedBytes <= request.budgetBytes && plan.feasible)
    #expect(plan.objective > 0 && plan.objective == last.objective && last.total == 6)
    #expect(plan.status == .notProven && plan.termination == "interrupted")
    #expect(plan.bound == 1, "recipes that were not searched might capture everything")
  }

  @Test("that is cancelled before anything that fits is known says so, and gives nothing")
  func cancelledAtOnce() throws {
    for share in [-0.5, 0.5, 1] {
      var request = smallRequest(share)
      let cancellation = Cancellation()
      cancellation.cancel()
      request.options.cancellation = cancellation
      #expect(throws: PlanError.interrupted) { try Planner(request).plan() }
    }
    #expect(PlanError.interrupted.exitStatus == .interrupted)
  }

  @Test("is not explained by a neighbour that was cut short")
  func cancelledExplanation() throws {
    var request = smallRequest(0.5)
    let cancellation = Cancellation()
    request.options.cancellation = cancellation
    let planner = Planner(request)
    guard case .plan(let plan) = try planner.plan() else { return }
    #expect(try planner.explain(plan).more != nil)
    cancellation.cancel()
    let explanation = try planner.explain(plan)
    #expect(explanation.more == nil && !explanation.rows.isEmpty)
  }

  @Test(
    "whose searches may take one node keeps the budget, and says that nodes were the limit where it proves nothing"
  )
  func oneNode() throws {
    var limited = 0
    for share in [0.2, 0.35, 0.5, 0.65, 0.8] {
      var request = smallRequest(share)
      (request.options.nodeLimit, request.options.relativeGap) = (1, 0)
      let plan = try smallPlan(request)
      #expect(plan.chargedBytes <= request.budgetBytes && plan.bound >= plan.objective)
      guard plan.status == .notProven else { continue }
      #expect(["node limit", Certificate.misplaced].contains(plan.termination), "\(plan.termination)")
      if plan.termination == "node limit" { limited += 1 }
    }
    #expect(limited > 0)
  }

  @Test("reports the nodes and rounds of all its searches")
  func totals() throws {
    let solver = StubSolver { model, options in
      StubSolver.claiming(options.incumbent ?? model.columns.map { $0.fixedValue ?? false }, nodes: 7)
    }
    let plan = try smallPlan(smallRequest(0.5, policies: [.keep, .recompute]), solver)
    #expect(plan.rounds == 2 && plan.nodes == 14)
  }

  @Test("without time still gives a plan that fits, and does not claim anything for it")
  func noTime() throws {
    var request = smallRequest(0.5, policies: Saving.uniforms)
    request.options.timeLimit = .nanoseconds(1)
    let plan = try smallPlan(request)
    #expect(plan.chargedBytes <= request.budgetBytes && plan.objective > 0)
    #expect(plan.status == .notProven && plan.bound == 1 && plan.rounds == 0)
    #expect(plan.termination == "time limit")
  }

  @Test(
    "captures as much as the best of its recipes alone, or as much as the gap demands; with mixed saving more")
  func policies() throws {
    var mixed = 0
    for share in [0.2, 0.4, 0.6, 0.8] {
      var request = smallRequest(share, policies: Saving.uniforms)
      request.options.relativeGap = 0
      let best = try smallPlan(request)
      let alone = try Saving.uniforms.map { policy in
        request.alternatives.savings = [policy]
        return try smallPlan(request)
      }
      let most = alone.map(\.objective).max() ?? 0
      #expect(best.objective >= most - 1e-6 && best.bound >= best.objective)
      request.alternatives.savings = Alternatives.savings(for: smallGraph)
      let free = try smallPlan(request)
      #expect(free.objective >= best.objective - 1e-6 && free.chargedBytes <= request.budgetBytes)
      if free.objective > best.objective + 1e-6 {
        mixed += 1
        #expect(free.recipe.saving.uniform == nil)
      }
      request.alternatives.savings = Saving.uniforms
      request.options.relativeGap = 0.5
      let rough = try smallPlan(request)
      #expect(rough.status != .notProven && rough.objective >= best.objective * 0.5)
    }
    #expect(mixed > 0)
  }

  @Test("captures at least as much with more budget, and where mapped weights cost nothing")
  func moreRoom() throws {
    var least = 0.0
    for share in [0, 0.1, 0.25, 0.5, 0.75, 1] {
      var request = smallRequest(share, policies: Saving.uniforms)
      request.options.relativeGap = 0
      let counted = try smallPlan(request).objective
      request.mappedFree = true
      #expect(try smallPlan(request).objective >= counted - 1e-6)
      #expect(counted >= least - 1e-6)
      least = counted
    }
  }

  @Test("trains everything when everything fits, without a search")
  func everything() throws {
    let request = smallRequest(1)
    let plan = try smallPlan(
      request, StubSolver { _, _ in throw PlanError.badScores(reason: "not to be asked") })
    #expect(plan.objective == 1 && plan.status == .optimal && plan.rounds == 0)
    #expect(plan.trainableParameters == request.graph.parameterCount)
  }
}
