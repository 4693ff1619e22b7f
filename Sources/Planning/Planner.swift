import Graph
import Optimization
import Simulation
import Steps

/// Chooses what trains, and by which recipe, within a budget.
///
/// The integer program proposes; a step is lowered from every proposal and simulated, and only the simulation says whether it fits.
/// Rows for kernels that a proposal overfills are added until none is. Recipes, of which there are few, are enumerated outside, from the quickest
/// on; a slower one is taken only if it captures more by the requested gap.
public struct Planner: Sendable {
  public internal(set) var request: PlanRequest
  private let solver: any MILPSolver
  /// GLPK's own pruning tolerance, below which no proof of it can go; see `SolveResult.bound`.
  private static let proofTolerance = 1e-6

  public init(_ request: PlanRequest, solver: any MILPSolver = GLPKSolver()) {
    self.request = request
    self.solver = solver
  }

  /// Indirect, because the compiler of Swift 6.3.1 mistakes one payload for the other across modules when they lie in the enum itself.
  public indirect enum Outcome: Sendable {
    case plan(Plan)
    case infeasible(Infeasibility)
  }

  /// Finds the plan, or says why there is none.
  ///
  /// - Throws: ``PlanError`` when the recipe or the scores do not fit the model, and what the solver throws.
  public func plan() throws -> Outcome { try solve().outcome }

  /// As ``plan()``, with fewer or other ways to train the groups.
  func plan(over space: DecisionSpace) throws -> Outcome { try solve(over: [space]).outcome }

  /// An outcome and where it comes from.
  public struct Answer: Sendable {
    public let outcome: Outcome
    /// The linear program, rows and all, whose solution the plan is; nil where none was solved.
    public let model: LinearModel?
  }

  /// As ``plan()``, with what was solved.
  public func solve() throws -> Answer {
    try request.validate()
    return try solve(over: try request.spaces())
  }

  /// - Parameter spaces: at least one, the most promising first.
  private func solve(over spaces: [DecisionSpace]) throws -> Answer {
    let start = ContinuousClock.now
    let deadline = request.options.timeLimit.map { start.advanced(by: $0) }
    let templates = templates(for: spaces)
    var candidates: [Candidate] = []
    /// What another search has to be able to capture.
    var least: Double { floor(below: candidates.map(\.objective).max() ?? 0) }
    var open: [Int] = []
    for (index, space) in spaces.enumerated() where candidates.isEmpty || space.mostShare > least {
      if let all = everything(of: space, templates) { candidates.append(all) } else { open.append(index) }
    }
    var smallest = Int.max
    var quickest = Double.infinity
    /// By space: what was found under earlier recipes.
    var known: [Int: [[Int?]]] = [:]
    let searches = templates.flatMap { template in open.map { (template, $0) } }
    for (index, (template, number)) in searches.enumerated() {
      let space = spaces[number]
      guard candidates.isEmpty || space.mostShare > least else { continue }
      // What time is left is shared among the searches that are left.
      let now = ContinuousClock.now
      let share = deadline.map { now + now.duration(to: $0) / (searches.count - index) }
      let search = RecipeSearch(
        request: request, space: space, template: template, solver: solver, deadline: share,
        known: known[number, default: []], floor: least)
      switch try search.run() {
      case .needs(let bytes, let seconds):
        smallest = min(smallest, bytes)
        quickest = min(quickest, seconds)
      case .found(let candidate):
        candidates.append(candidate)
        known[number, default: []].append(candidate.chosen)
      }
    }
    // A recipe that was given up for want of promise has a bound below what was found, or as good as it.
    let bound = candidates.map(\.certificate.bound).max() ?? 0
    let allowed = max(request.options.relativeGap, Self.proofTolerance)
    let good = candidates.filter { gap($0.objective, bound) <= allowed }
    let best =
      good.min { request.prefers($0.program, to: $1.program) }
      ?? candidates.max { $0.objective < $1.objective }
    guard var best else {
      let answer = Infeasibility(
        budgetBytes: request.budgetBytes,
        smallestFeasibleBudgetBytes: request.trainer.budget(for: smallest + request.runtimeBytes),
        maximumStepSeconds: request.maximumStepSeconds,
        smallestStepSeconds: request.maximumStepSeconds.map { _ in quickest })
      return Answer(outcome: .infeasible(answer), model: nil)
    }
    if request.alternatives.savings == Alternatives.uniformSavings(of: request.trainer) {
      let refinement = SavingRefinement(
        request: request, selection: best.selection, recipe: best.program.training.recipe)
      best.program = refinement.run(best.program)
    }
    var certificate = best.certificate
    // What one recipe cannot capture another may, so only the largest bound holds for all.
    certificate.bound = bound
    if good.isEmpty, let loosest = candidates.max(by: { $0.certificate.bound < $1.certificate.bound }) {
      certificate.ending = loosest.certificate.ending
    }
    certificate.nodes = candidates.reduce(0) { $0 + $1.certificate.nodes }
    certificate.rounds = candidates.reduce(0) { $0 + $1.certificate.rounds }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return Answer(outcome: .plan(makePlan(best, certificate, seconds: seconds)), model: best.model)
  }

  /// The step under every recipe, from the one that needs fewest bytes: when everything trains, and among equals when the least does.
  ///
  /// It captures most, as a rule, and what it captures lets the others be given up early.
  private func templates(for spaces: [DecisionSpace]) -> [StepTemplate] {
    let (full, minimal) =
      spaces.first.map { ($0.selection($0.full), $0.selection($0.minimal)) }
      ?? (.full(request.graph), .frozen(request.graph))
    func leastBytes(_ template: StepTemplate, _ selection: Selection) -> Int {
      request.leastCharged(TrainingStep(unplaced: template, selection))
    }
    return request.recipes.map { recipe in
      let template = request.template(recipe)
      return (template, leastBytes(template, full), leastBytes(template, minimal))
    }.enumerated().sorted {
      ($0.element.1, $0.element.2, $0.offset) < ($1.element.1, $1.element.2, $1.offset)
    }.map(\.element.0)
  }

  /// The quickest recipe under which all that may train fits, if there is one: then there is nothing to search.
  private func everything(of space: DecisionSpace, _ templates: [StepTemplate]) -> Candidate? {
    guard space.share(space.full) >= space.mostShare else { return nil }
    let selection = space.selection(space.full)
    let fitting = templates.filter { request.mayAccept(TrainingStep(unplaced: $0, selection)) }
      .map { StepProgram($0, selection) }.filter(request.accepts)
    guard let first = fitting.first else { return nil }
    return Candidate(
      chosen: space.full, selection: selection,
      program: fitting.dropFirst().reduce(first) { request.prefers($1, to: $0) ? $1 : $0 },
      objective: space.mostShare, certificate: Certificate(bound: space.mostShare, ending: "optimal"),
      model: nil)
  }

  /// What another recipe has to be able to capture to be of interest beside one that captures so much.
  private func floor(below objective: Double) -> Double {
    let gap = request.options.relativeGap
    return objective * (1 - gap) / (1 + gap)
  }

  /// What is not proven, as a share of the bound.
  private func gap(_ objective: Double, _ bound: Double) -> Double {
    bound > objective ? (bound - objective) / bound : 0
  }

  private func makePlan(_ best: Candidate, _ certificate: Certificate, seconds: Double) -> Plan {
    let gap = gap(best.objective, certificate.bound)
    let status: Plan.Status =
      gap <= Self.proofTolerance ? .optimal : gap <= request.options.relativeGap ? .withinGap : .notProven
    return Plan(
      best.program, for: request, objective: best.objective, bound: certificate.bound, status: status,
      termination: certificate.ending, nodes: certificate.nodes, rounds: certificate.rounds,
      solveSeconds: seconds)
  }
}
