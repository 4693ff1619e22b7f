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
  /// Of the nodes of a search, the part for one that starts from another's answer.
  private static let stagedNodeShare = 10

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
  /// - Throws: ``PlanError`` when the recipe or the scores do not fit the model, or when it is cancelled before anything that fits is
  ///   known; and what the solver throws.
  public func plan() throws -> Outcome { try solve().outcome }

  /// As ``plan()``, with fewer or other ways to train the groups.
  func plan(over space: DecisionSpace) throws -> Outcome { try solve(over: [space]).outcome }

  /// An outcome and where it comes from.
  public struct Answer: Sendable {
    public let outcome: Outcome
    /// The last linear program of the plan's own recipe, rows and all; nil where none was solved.
    public let model: LinearModel?
  }

  /// How far planning has come.
  public struct Progress: Sendable {
    /// Searches that are done, of how many; one for each recipe, and with a target for each of its shapes.
    public let done: Int
    public let total: Int
    /// Share of the score that the best so far captures; nil where nothing fits yet.
    public let objective: Double?
  }

  /// As ``plan()``, with what was solved.
  ///
  /// - Parameter progress: called after every search.
  public func solve(progress: (Progress) -> Void = { _ in }) throws -> Answer {
    try request.validate()
    return try solve(over: try request.spaces(), progress: progress)
  }

  /// - Parameter spaces: at least one, the most promising first.
  private func solve(over spaces: [DecisionSpace], progress: (Progress) -> Void = { _ in }) throws -> Answer {
    let start = ContinuousClock.now
    let deadline = request.options.timeLimit.map { start.advanced(by: $0) }
    var findings = try search(spaces, deadline, progress)
    guard var best = choice(of: findings) else {
      return Answer(outcome: .infeasible(findings.infeasibility(request)), model: nil)
    }
    if !request.isCancelled {
      if let staged = try staged(best, deadline) {
        best = staged
        findings.candidates.append(staged)
      }
      best = completed(best)
    }
    let certificate = certificate(of: best, among: findings)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return Answer(outcome: .plan(makePlan(best, certificate, seconds: seconds)), model: best.model)
  }

  /// What the searches under all recipes found.
  private struct Findings {
    var candidates: [Candidate] = []
    /// The least that must train needs at least so much under every recipe; of use where there is no candidate.
    var smallest = Int.max
    var quickest = Double.infinity
    /// What might be captured where it was not searched any more.
    var unsearched = 0.0

    var objective: Double? { candidates.map(\.objective).max() }

    /// No selection captures more under any of the recipes.
    ///
    /// A recipe that was given up for want of promise has a bound below what was found, or as good as it.
    var bound: Double { candidates.map(\.certificate.bound).reduce(unsearched, max) }

    func infeasibility(_ request: PlanRequest) -> Infeasibility {
      Infeasibility(
        budgetBytes: request.budgetBytes,
        smallestFeasibleBudgetBytes: request.trainer.budget(for: smallest + request.runtimeBytes),
        maximumStepSeconds: request.maximumStepSeconds,
        smallestStepSeconds: request.maximumStepSeconds.map { _ in quickest })
    }
  }

  private func search(
    _ spaces: [DecisionSpace], _ deadline: ContinuousClock.Instant?, _ progress: (Progress) -> Void
  ) throws -> Findings {
    let templates = try templates(for: spaces)
    var findings = Findings()
    /// What another search has to be able to capture.
    var least: Double { floor(below: findings.objective ?? 0) }
    func isOfUse(_ space: DecisionSpace) -> Bool { findings.candidates.isEmpty || space.mostShare > least }
    var open: [Int] = []
    for (index, space) in spaces.enumerated() where isOfUse(space) {
      if let all = everything(of: space, templates) {
        findings.candidates.append(all)
      } else {
        open.append(index)
      }
    }
    /// By space: what was found under earlier recipes.
    var known: [Int: [[Int?]]] = [:]
    let searches = templates.flatMap { template in open.map { (template, $0) } }
    for (index, (template, number)) in searches.enumerated() where isOfUse(spaces[number]) {
      if request.isCancelled {
        guard !findings.candidates.isEmpty else { throw PlanError.interrupted }
        findings.unsearched = max(findings.unsearched, spaces[number].mostShare)
        continue
      }
      // What time is left is shared among the searches that are left.
      let now = ContinuousClock.now
      let share = deadline.map { now + now.duration(to: $0) / (searches.count - index) }
      let search = RecipeSearch(
        request: request, space: spaces[number], template: template, solver: solver, deadline: share,
        known: known[number, default: []], floor: least)
      switch try search.run() {
      case .needs(let bytes, let seconds):
        findings.smallest = min(findings.smallest, bytes)
        findings.quickest = min(findings.quickest, seconds)
      case .found(let candidate):
        findings.candidates.append(candidate)
        known[number, default: []].append(candidate.chosen)
      }
      progress(Progress(done: index + 1, total: searches.count, objective: findings.objective))
    }
    return findings
  }

  /// Of what is as good as the gap demands, the plan to prefer; else what captures most.
  private func choice(of findings: Findings) -> Candidate? {
    findings.candidates.filter { isProven($0.objective, findings.bound) }
      .min { request.prefers($0.program, to: $1.program) }
      ?? findings.candidates.max { $0.objective < $1.objective }
  }

  /// The best under the quickest mixed saving policy with which a candidate still fits; nil where a uniform one is as quick.
  ///
  /// A mixed policy may need fewer bytes as well. So it is searched as other recipes are, and the bound holds for it, too.
  private func staged(_ candidate: Candidate, _ deadline: ContinuousClock.Instant?) throws -> Candidate? {
    guard request.alternatives.savings == Alternatives.uniformSavings(of: request.trainer) else { return nil }
    let recipe = SavingRefinement(request: request, given: candidate.program).run()
    guard recipe != candidate.program.training.recipe else { return nil }
    var request = request
    request.options.nodeLimit = request.options.nodeLimit.map { max(1, $0 / Self.stagedNodeShare) }
    let search = RecipeSearch(
      request: request, space: candidate.space, template: request.template(recipe), solver: solver,
      deadline: deadline, known: [candidate.chosen], floor: floor(below: candidate.objective))
    guard case .found(let staged) = try search.run(), staged.objective >= candidate.objective else {
      return nil
    }
    return staged
  }

  /// The candidate with what still fits beside it.
  private func completed(_ candidate: Candidate) -> Candidate {
    guard candidate.objective < candidate.space.mostShare else { return candidate }
    let search = RecipeSearch(
      request: request, space: candidate.space, template: candidate.template, solver: solver, deadline: nil,
      known: [], floor: 0)
    let chosen = search.filled(candidate.chosen)
    return chosen == candidate.chosen
      ? candidate : search.candidate(chosen, candidate.certificate, candidate.model)
  }

  /// What holds for all recipes: the largest bound, because what one cannot capture another may.
  private func certificate(of best: Candidate, among findings: Findings) -> Certificate {
    var certificate = best.certificate
    certificate.bound = max(findings.bound, best.objective)
    if !isProven(best.objective, certificate.bound) {
      let loosest = findings.candidates.max { $0.certificate.bound < $1.certificate.bound }
      if let loosest { certificate.ending = loosest.certificate.ending }
      if request.isCancelled { certificate.ending = Certificate.interrupted }
    }
    certificate.nodes = findings.candidates.reduce(0) { $0 + $1.certificate.nodes }
    certificate.rounds = findings.candidates.reduce(0) { $0 + $1.certificate.rounds }
    return certificate
  }

  /// The step under every recipe, from the one that needs fewest bytes: when everything trains, and among equals when the least does.
  ///
  /// It captures most, as a rule, and what it captures lets the others be given up early.
  ///
  /// - Throws: ``PlanError/interrupted``, because lowering them all takes its time.
  private func templates(for spaces: [DecisionSpace]) throws -> [StepTemplate] {
    let (full, minimal) =
      spaces.first.map { ($0.selection($0.full), $0.selection($0.minimal)) }
      ?? (.full(request.graph), .frozen(request.graph))
    func leastBytes(_ template: StepTemplate, _ selection: Selection) -> Int {
      request.leastCharged(TrainingStep(unplaced: template, selection))
    }
    return try request.recipes.map { recipe in
      if request.isCancelled { throw PlanError.interrupted }
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
      .map { (template: $0, program: StepProgram($0, selection)) }.filter { request.accepts($0.program) }
    return fitting.min { request.prefers($0.program, to: $1.program) }.map {
      Candidate(
        space: space, template: $0.template, chosen: space.full, program: $0.program,
        certificate: Certificate(bound: space.mostShare, ending: Termination.optimal.words), model: nil)
    }
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

  /// Whether what was found is as good as was asked for.
  private func isProven(_ objective: Double, _ bound: Double) -> Bool {
    gap(objective, bound) <= max(request.options.relativeGap, Self.proofTolerance)
  }

  private func makePlan(_ best: Candidate, _ certificate: Certificate, seconds: Double) -> Plan {
    let status: Plan.Status =
      gap(best.objective, certificate.bound) <= Self.proofTolerance
      ? .optimal : isProven(best.objective, certificate.bound) ? .withinGap : .notProven
    return Plan(
      best.program, for: request, objective: best.objective, bound: certificate.bound, status: status,
      termination: certificate.ending, nodes: certificate.nodes, rounds: certificate.rounds,
      solveSeconds: seconds)
  }
}
