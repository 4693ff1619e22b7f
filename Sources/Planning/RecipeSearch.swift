import Graph
import Optimization
import Simulation
import Steps

/// The search for the best selection when everything but the selection is fixed.
struct RecipeSearch {
  var request: PlanRequest
  let space: DecisionSpace
  let template: StepTemplate
  let solver: any MILPSolver
  /// When to stop looking for better and take what fits; nil for never.
  let deadline: ContinuousClock.Instant?
  /// Choices found under other recipes, to start from where they fit under this one too.
  var known: [[Int?]]
  /// The share of the score that another recipe captures; less is of no use.
  let floor: Double

  enum Outcome {
    case found(Candidate)
    /// Nothing was found that keeps the limits, and what may yet captures no more than the bound; what must train takes so long.
    case nothing(seconds: Double, bound: Double)
  }

  /// A guard only: every round either ends the search or cuts the proposal off.
  private static let maximumRounds = 60

  func run() throws -> Outcome {
    if template.residence != .arena, request.assumedExcessBytes == nil { return try runReplaying() }
    let minimal = step(space.minimal)
    if let hopeless = hopeless(minimal) { return hopeless }
    var best = start()
    var certificate = Certificate(bound: space.mostShare)
    if space.score(best) >= space.mostScore {
      certificate.ending = Termination.optimal.words
      return outcome(candidate(best, certificate, nil))
    }

    let starts = best == space.minimal ? [minimal] : [minimal, step(best)]
    var rows = LazyRows(request, template, space, starts: starts + [step(space.full)])
    var solved: LinearModel?
    while certificate.rounds < Self.maximumRounds, let options = try options(for: rows.program, best) {
      let result = try solver.solve(rows.program.model, options: options)
      solved = rows.program.model
      certificate.rounds += 1
      certificate.nodes += result.nodes
      (certificate.ending, certificate.raw) = (result.termination.words, result.raw)
      // Only bounds of rows that all selections that fit obey hold.
      if !rows.areTightened { certificate.bound = min(certificate.bound, result.bound) }
      guard let solution = result.solution else { break }
      let chosen = rows.program.chosen(solution)
      let step = step(chosen)
      if request.accepted(step, of: template) != nil {
        // Not always better: tightened rows may have excluded the best known.
        if space.score(chosen) > space.score(best) { best = chosen }
        break
      }
      certificate.refusal = rows.cutOff(chosen, step) ?? certificate.refusal
      // What is said if there is no next round, for want of time or of anything left to try.
      let isLast = certificate.rounds == Self.maximumRounds
      certificate.ending = certificate.refusal ?? (isLast ? Certificate.roundLimit : Certificate.timeLimit)
    }
    if request.isCancelled { certificate.ending = Certificate.interrupted }
    return outcome(candidate(best, certificate, solved))
  }

  /// The step of a choice, without places for its buffers.
  func step(_ chosen: [Int?]) -> TrainingStep { TrainingStep(unplaced: template, space.selection(chosen)) }

  /// The answer where there is nothing to search; nil where there may be.
  ///
  /// What must train alone has the fewest bytes alive of all selections, but more may be placed, or held by an allocator, with less waste.
  /// - Parameter minimal: its step.
  func hopeless(_ minimal: TrainingStep) -> Outcome? {
    let isOnly = space.score(space.minimal) >= space.mostScore
    let may = isOnly ? request.accepted(minimal, of: template) != nil : request.mayAccept(minimal)
    return may ? nil : .nothing(seconds: request.clock.seconds(minimal), bound: 0)
  }

  /// A candidate as an answer: the best known may be what must train, which is not always placed within the limits.
  func outcome(_ candidate: Candidate) -> Outcome {
    let step = candidate.program.training
    return request.accepts(candidate.program)
      ? .found(candidate) : .nothing(seconds: request.clock.seconds(step), bound: candidate.certificate.bound)
  }

  /// The request's options with what time is left and the best known as a start; nil when no time is left.
  private func options(for program: MemoryProgram, _ best: [Int?]) throws -> SolveOptions? {
    var options = request.options
    options.timeLimit = deadline.map { $0 - .now }
    if let left = options.timeLimit, left <= .zero { return nil }
    if request.isCancelled { return nil }
    // The solver's gap is relative to the largest coefficient where that is more than the objective; ours never is.
    let largest = space.choices.flatMap(\.options).map(\.score).max() ?? 0
    let held = max(space.score(best), floor * space.totalScore)
    if largest > 0 { options.relativeGap *= min(1, held / largest) }
    options.cutoff = floor
    let start = program.assignment(best)
    options.incumbent = try program.model.violations(of: start).isEmpty ? start : nil
    return options
  }

  /// The best choice known before anything is solved, or the least one where none captures more than the floor.
  ///
  /// What people make by hand seldom captures more than what was found under another recipe, and takes long to try.
  func start() -> [Int?] {
    let nested = floor > 0 ? space.minimal : bestNested()
    let least = worthwhile(beside: nested)
    let better = known.filter { space.score($0) > least }.enumerated().sorted {
      (-space.score($0.element), $0.offset) < (-space.score($1.element), $1.offset)
    }.map(\.element)
    // Recipes often arrive at the same choice.
    let distinct = better.indices.filter { $0 == 0 || better[$0] != better[$0 - 1] }.map { better[$0] }
    return distinct.first(where: fits) ?? nested
  }

  /// The score above which another choice is of use.
  private func worthwhile(beside best: [Int?]) -> Double {
    max(space.score(best), floor * space.totalScore)
  }

  func candidate(_ chosen: [Int?], _ certificate: Certificate, _ model: LinearModel?) -> Candidate {
    var certificate = certificate
    certificate.bound = max(certificate.bound, space.share(chosen))
    return Candidate(
      space: space, template: template, chosen: chosen,
      program: StepProgram(template, space.selection(chosen)), certificate: certificate, model: model)
  }

  /// The best of the plans that people make by hand: everything from some layer up, with one retention.
  ///
  /// Less depth needs fewer bytes, so the deepest that fits is found by bisection over live bytes, and then by placing it.
  private func bestNested() -> [Int?] {
    var best = space.minimal
    for percent in DecisionSpace.retentionPercents.reversed() {
      let least = worthwhile(beside: best)
      // Depth d trains layers d and up; -1 trains the embeddings too.
      let depths = (-1...layers).prefix { space.score(nested(from: $0, percent: percent)) > least }
      guard let last = depths.last, mayFit(nested(from: last, percent: percent)) else { continue }
      var (deepest, shallowest) = (-1, last)
      while deepest < shallowest {
        let middle = (deepest + shallowest - 1) >> 1
        if mayFit(nested(from: middle, percent: percent)) { shallowest = middle } else { deepest = middle + 1 }
      }
      let fitting = (shallowest...last).lazy.map { nested(from: $0, percent: percent) }.first(where: fits)
      if let fitting { best = fitting }
    }
    return best
  }

  private func mayFit(_ chosen: [Int?]) -> Bool { request.mayAccept(step(chosen)) }

  private func nested(from depth: Int, percent: Int) -> [Int?] {
    let nodes = space.graph.configuration.feedForwardSize * percent / 100
    return space.closed(
      space.choices.map { choice in
        let isBelow =
          choice.group.layer.map { $0 < depth }
          ?? (choice.group.kind.isEmbedding && depth >= 0 || depth == layers)
        guard !isBelow else { return choice.least }
        return choice.options.lastIndex { $0.retained <= nodes } ?? choice.least
      })
  }

  private var layers: Int { space.graph.configuration.layerCount }

  private func fits(_ chosen: [Int?]) -> Bool { request.accepted(step(chosen), of: template) != nil }
}
