import Optimization
import Steps

/// One search for every recipe, and with a target for each of its shapes.
extension Planner {
  /// What the searches under all recipes found.
  struct Findings {
    var candidates: [Candidate] = []
    /// The least that must train takes at least so long under every recipe; of use where there is no candidate.
    var quickest = Double.infinity
    /// What might be captured where it was not searched any more.
    var unsearched = 0.0

    var objective: Double? { candidates.map(\.objective).max() }

    /// No selection captures more under any of the recipes.
    ///
    /// A recipe that was given up for want of promise has a bound below what was found, or as good as it.
    var bound: Double { candidates.map(\.certificate.bound).reduce(unsearched, max) }

    func infeasibility(_ request: PlanRequest, _ leanest: Infeasibility.Leanest?) -> Infeasibility {
      Infeasibility(
        budgetBytes: request.budgetBytes, runtimeBytes: request.runtimeBytes,
        smallestFeasibleBudgetBytes: leanest?.budgetBytes, maximumStepSeconds: request.maximumStepSeconds,
        smallestStepSeconds: request.maximumStepSeconds.map { _ in quickest })
    }
  }

  func search(
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
    /// By space: what was found under earlier recipes, and the recipes whose bound showed that they capture too little.
    var known: [Int: [[Int?]]] = [:]
    var givenUp: [Int: [Recipe]] = [:]
    let searches = templates.flatMap { template in open.map { (template, $0) } }
    for (index, (template, number)) in searches.enumerated() where isOfUse(spaces[number]) {
      defer { progress(Progress(done: index + 1, total: searches.count, objective: findings.objective)) }
      let isCovered = givenUp[number, default: []].contains {
        request.isCovered(template.recipe, by: $0, in: spaces[number])
      }
      guard !isCovered else { continue }
      if request.isCancelled {
        guard !findings.candidates.isEmpty else { throw PlanError.interrupted }
        findings.unsearched = max(findings.unsearched, spaces[number].mostShare)
        continue
      }
      // Each may take half of what time is left, so that the clock seldom decides what is found, and the first are the most promising.
      let now = ContinuousClock.now
      let share = deadline.map { now + now.duration(to: $0) / min(2, searches.count - index) }
      let search = RecipeSearch(
        request: request, space: spaces[number], template: template, solver: solver, deadline: share,
        known: known[number, default: []], floor: least)
      switch try search.run() {
      case .nothing(let seconds, let bound):
        findings.quickest = min(findings.quickest, seconds)
        findings.unsearched = max(findings.unsearched, bound)
      case .found(let candidate):
        findings.candidates.append(candidate)
        known[number, default: []].append(candidate.chosen)
        // A proposal that was refused for its placement may be placed under another recipe; one that captures as much may be preferred.
        if candidate.certificate.bound < least, candidate.certificate.refusal == nil {
          givenUp[number, default: []].append(template.recipe)
        }
      }
    }
    return findings
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
    return preferred(
      templates.compactMap { template in
        request.accepted(TrainingStep(unplaced: template, selection), of: template).map { program in
          Candidate(
            space: space, template: template, chosen: space.full, program: program,
            certificate: Certificate(bound: space.mostShare, ending: Termination.optimal.words), model: nil)
        }
      })
  }
}
