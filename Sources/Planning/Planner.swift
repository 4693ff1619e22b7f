import Graph
import Optimization
import Simulation
import Steps

/// Chooses what trains, and by which recipe, within a budget.
///
/// The integer program proposes; a step is lowered from every proposal and simulated, and only the simulation says whether it fits.
/// Rows for kernels that a proposal overfills are added until none is. Recipes, of which there are few, are enumerated outside; of those that
/// come within the requested gap of the bound the quickest is taken, or one that captures less where its time is worth it. Then saving is
/// decided layer by layer, and what is left of the budget filled.
public struct Planner: Sendable {
  public internal(set) var request: PlanRequest
  let solver: any MILPSolver
  /// GLPK's own pruning tolerance, below which no proof of it can go; see `SolveResult.bound`.
  static let proofTolerance = 1e-6

  public init(_ request: PlanRequest, solver: any MILPSolver = GLPKSolver()) {
    self.request = request
    self.request.templates = request.templates ?? TemplateCache()
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
    var leanest: Infeasibility.Leanest?
    if findings.candidates.isEmpty {
      // A mixed policy may need fewer bytes than any that is the same in all layers.
      leanest = Infeasibility.leanest(request, over: spaces, mixing: true)
      if let leanest, leanest.budgetBytes <= request.budgetBytes {
        var mixed = self
        mixed.request.alternatives.savings = [leanest.program.training.recipe.saving]
        let unsearched = findings.unsearched
        findings = try mixed.search(spaces, deadline, progress)
        findings.unsearched = max(findings.unsearched, unsearched)
      }
    }
    guard var most = choice(of: findings) else {
      return Answer(outcome: .infeasible(findings.infeasibility(request, leanest)), model: nil)
    }
    if !request.isCancelled, let leaner = try leaner(than: most, besides: findings, deadline) {
      findings.candidates.append(leaner)
      most = choice(of: findings) ?? most
    }
    var best = try quicker(than: most, &findings, deadline)
    if !request.isCancelled {
      if deadline.map({ .now < $0 }) ?? true, let staged = try staged(best, besides: findings, deadline) {
        best = staged
        findings.candidates.append(staged)
      }
      best = completed(best)
    }
    let objective = max(most.objective, best.objective)
    let certificate = certificate(of: best, capturing: objective, among: findings)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return Answer(
      outcome: .plan(makePlan(best, certificate, status(objective, certificate, of: best), seconds: seconds)),
      model: best.model)
  }

  /// Of what is as good as the gap demands, the plan to prefer; else what captures most.
  private func choice(of findings: Findings) -> Candidate? {
    preferred(findings.candidates.filter { isProven($0.objective, findings.bound) })
      ?? findings.candidates.max { $0.objective < $1.objective }
  }

  /// Of candidates that capture as much, the one to prefer.
  func preferred(_ candidates: [Candidate]) -> Candidate? {
    candidates.map { ($0, Preference($0.program, for: request)) }.min { $0.1 < $1.1 }?.0
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
  ///
  /// - Parameter objective: the most that was found to be captured, in whatever time.
  private func certificate(
    of best: Candidate, capturing objective: Double, among findings: Findings
  ) -> Certificate {
    var certificate = best.certificate
    certificate.bound = max(findings.bound, objective)
    if !isProven(objective, certificate.bound) {
      let loosest = findings.candidates.max { $0.certificate.bound < $1.certificate.bound }
      if let loosest {
        (certificate.ending, certificate.raw) = (loosest.certificate.ending, loosest.certificate.raw)
      }
      // What a program reached, placement, another trainer's allocator or the time of a step did not.
      let reached = [Termination.optimal, .gapReached, .infeasible].map(\.words)
      if reached.contains(certificate.ending) {
        certificate.ending = loosest?.certificate.refusal ?? Certificate.misplaced
      }
      if request.isCancelled { certificate.ending = Certificate.interrupted }
    }
    certificate.nodes = findings.candidates.reduce(0) { $0 + $1.certificate.nodes }
    certificate.rounds = findings.candidates.reduce(0) { $0 + $1.certificate.rounds }
    return certificate
  }

  /// What another recipe has to be able to capture to be of interest beside one that captures so much.
  func floor(below objective: Double) -> Double {
    let gap = request.options.relativeGap
    return objective * (1 - gap) / (1 + gap)
  }

  /// Whether what was found is as good as was asked for.
  func isProven(_ objective: Double, _ bound: Double) -> Bool {
    Plan.gap(objective, bound) <= max(request.options.relativeGap, Self.proofTolerance)
  }

  private func status(_ objective: Double, _ certificate: Certificate, of best: Candidate) -> Plan.Status {
    guard isProven(objective, certificate.bound) else { return .notProven }
    if !isProven(best.objective, certificate.bound) { return .quicker }
    return Plan.gap(best.objective, certificate.bound) <= Self.proofTolerance ? .optimal : .withinGap
  }

  private func makePlan(
    _ best: Candidate, _ certificate: Certificate, _ status: Plan.Status, seconds: Double
  ) -> Plan {
    Plan(
      best.program, for: request, objective: best.objective, bound: certificate.bound, status: status,
      termination: certificate.ending, solverStatus: certificate.raw, nodes: certificate.nodes,
      rounds: certificate.rounds, solveSeconds: seconds)
  }
}
