import Graph
import Optimization
import Simulation
import Steps

/// The search for the best selection when everything but the selection is fixed.
struct PolicySearch {
  let request: PlanRequest
  let space: DecisionSpace
  let template: StepTemplate
  let solver: any MILPSolver

  enum Outcome {
    case found(Candidate)
    /// Not even the pinned groups alone fit; they need this many bytes.
    case needs(Int)
  }

  /// Rows added for one proposal; the worst first.
  private static let rowsPerRound = 8
  /// A guard only: every round either ends the search or adds a row that cuts the proposal off.
  private static let maximumRounds = 60

  func run() throws -> Outcome {
    let minimal = StepProgram(template, space.selection(space.minimal))
    guard request.charged(minimal) <= request.capacity else { return .needs(request.charged(minimal)) }

    var program = MemoryProgram(template: template, space: space, countsMapped: !request.mappedFree)
    var rows: [Int: Int] = [:]
    func require(_ kernel: Int, _ capacity: Int) {
      if let old = rows[kernel], old <= capacity { return }
      rows[kernel] = capacity
      program.addPeakRow(kernel: kernel, capacity: capacity)
    }

    let incumbent = bestNested()
    for start in [space.minimal, incumbent, space.full] {
      for worst in worstKernels(TrainingStep(template, space.selection(start))).prefix(2) {
        require(worst.origin, request.capacity)
      }
    }

    var bound = Double.infinity
    var isTightened = false
    var nodes = 0
    var termination = "incumbent"
    for round in 1...Self.maximumRounds {
      var options = request.options
      let start = program.assignment(incumbent)
      options.incumbent = try program.model.violations(of: start).isEmpty ? start : nil
      let result = try solver.solve(program.model, options: options)
      nodes += result.nodes
      termination = "\(result.termination)"
      // Rows tightened for the sake of placement exclude what might still fit, so only earlier bounds hold.
      if !isTightened { bound = min(bound, result.bound) }
      guard let solution = result.solution else { break }
      let chosen = program.chosen(solution)
      let proposal = StepProgram(template, space.selection(chosen))
      let excess = request.charged(proposal) - request.capacity
      if excess <= 0 {
        return .found(candidate(chosen, proposal, bound: bound, termination, nodes, round))
      }
      let live = proposal.training.liveBytes()
      let fixed = request.mappedFree ? 0 : proposal.mappedBytes
      let worst = worstKernels(proposal.training)
      let overfull = worst.filter { live[$0.position] + fixed > request.capacity }
      if overfull.isEmpty {
        // What lives fits; its placement does not. Ask for that much less at the kernels that are nearly full.
        isTightened = true
        for kernel in worst.prefix(Self.rowsPerRound).map(\.origin) {
          require(kernel, (rows[kernel] ?? request.capacity) - max(excess, Bytes.alignment))
        }
      } else {
        for kernel in overfull.prefix(Self.rowsPerRound) { require(kernel.origin, request.capacity) }
      }
    }
    // The search ended without a proposal that fits; the incumbent was simulated and does.
    let fallback = StepProgram(template, space.selection(incumbent))
    return .found(candidate(incumbent, fallback, bound: bound, termination, nodes, Self.maximumRounds))
  }

  private func candidate(
    _ chosen: [Int?], _ program: StepProgram, bound: Double, _ termination: String, _ nodes: Int, _ rounds: Int
  ) -> Candidate {
    let scale = space.totalScore > 0 ? space.totalScore : 1
    let objective = space.score(chosen) / scale
    return Candidate(
      selection: space.selection(chosen), program: program, objective: objective,
      bound: max(min(bound, 1), objective), termination: termination, nodes: nodes, rounds: rounds)
  }

  /// Kernels at which the live bytes have a local maximum, the largest first.
  private func worstKernels(_ step: TrainingStep) -> [(position: Int, origin: Int)] {
    let live = step.liveBytes()
    let peaks = live.indices.filter { index in
      (index == 0 || live[index - 1] < live[index])
        && (index == live.count - 1 || live[index + 1] <= live[index])
    }
    return peaks.sorted { (live[$0], $1) > (live[$1], $0) }.map { ($0, step.kernels[$0].origin) }
  }

  /// The best of the plans that people make by hand: everything from some layer up, with one retention.
  ///
  /// Less depth needs fewer bytes, so the deepest that fits is found by bisection.
  private func bestNested() -> [Int?] {
    var best = space.minimal
    for percentile in DecisionSpace.retentionPercents.indices {
      // Depth d trains layers d and up; -1 trains the embeddings too.
      var (deepest, shallowest) = (-1, layers)
      while deepest < shallowest {
        let middle = (deepest + shallowest).quotientAndRemainder(dividingBy: 2)
        let depth = middle.remainder < 0 ? middle.quotient - 1 : middle.quotient
        if fits(nested(from: depth, percentile)) { shallowest = depth } else { deepest = depth + 1 }
      }
      let chosen = nested(from: shallowest, percentile)
      if fits(chosen), space.score(chosen) > space.score(best) { best = chosen }
    }
    return best
  }

  private func nested(from depth: Int, _ percentile: Int) -> [Int?] {
    space.choices.map { choice in
      let last = choice.options.count - 1
      if choice.isPinned { return last }
      guard let layer = choice.group.layer else {
        return choice.group.kind.isEmbedding && depth >= 0 || depth == layers ? nil : last
      }
      guard layer >= depth else { return nil }
      // Options of a feed-forward pair are "bias" and then one a retention, as many as the size allows.
      return choice.group.kind == .feedForward ? min(percentile + 1, last) : last
    }
  }

  private var layers: Int { space.graph.configuration.layerCount }

  private func fits(_ chosen: [Int?]) -> Bool {
    request.charged(StepProgram(template, space.selection(chosen))) <= request.capacity
  }
}
