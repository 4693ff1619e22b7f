import Optimization
import Simulation
import Steps

/// A search's integer program with the rows that it was given so far: few kernels' rows ever bind, so each is added only once a proposal
/// overfills it.
struct LazyRows {
  private let request: PlanRequest
  private(set) var program: MemoryProgram
  /// By kernel, the capacity that its row asks for.
  private var capacities: [Int: Int] = [:]
  /// Proposals that kept all rows and yet not the limits.
  private var refused = 0
  /// What rows are tightened to next.
  private var tightest: Int

  /// Rows added for one proposal; the worst first.
  static let perRound = 8
  /// Proposals excluded one by one because they could not be placed, or were too slow, before rows are tightened for their sake.
  private static let mostRefused = 3

  /// - Parameter starts: steps whose worst kernels have rows from the beginning.
  init(_ request: PlanRequest, _ template: StepTemplate, _ space: DecisionSpace, starts: [TrainingStep]) {
    self.request = request
    program = MemoryProgram(template: template, space: space, countsMapped: !request.mappedFree)
    tightest = request.capacity
    if let limit = request.maximumStepSeconds { program.addTimeRow(request.clock, limit: limit) }
    for start in starts { require(start.worstKernels().prefix(2), request.capacity) }
  }

  /// Whether rows ask for less than the capacity, so that what they exclude might still fit.
  var areTightened: Bool { refused > Self.mostRefused }

  /// Cuts off a proposal that does not keep the limits.
  ///
  /// - Returns: why it was refused where it keeps all rows; nil where rows were missing, and were added.
  mutating func cutOff(_ chosen: [Int?], _ step: TrainingStep) -> String? {
    let live = step.liveBytes()
    let fixed = request.mappedFree ? 0 : step.mappedBytes
    let worst = step.worstKernels()
    let overfull = worst.filter {
      live[$0.position] + fixed > request.capacity && capacities[$0.origin] == nil
    }
    guard overfull.isEmpty else {
      require(overfull.prefix(Self.perRound), request.capacity)
      return nil
    }
    // The rows hold, to the solver's tolerance, but the placement does not, or time is not all in its row. The proposal alone is
    // excluded, until that has failed too often; then what was missed is asked for as well.
    refused += 1
    program.exclude(chosen)
    if let most = request.maximumStepSeconds, !request.isQuickEnough(step) {
      if areTightened { program.addTimeRow(request.clock, limit: 2 * most - request.clock.seconds(step)) }
      return Certificate.tooSlow
    }
    if areTightened {
      let charged = request.charged(StepProgram(program.template, step.selection))
      let waste = charged - fixed - (live.max() ?? 0)
      tightest = min(tightest - Bytes.alignment, request.capacity - waste)
      require(worst.prefix(Self.perRound), tightest)
    }
    return Certificate.misplaced
  }

  private mutating func require(_ kernels: some Sequence<TrainingStep.Peak>, _ capacity: Int) {
    for kernel in kernels.map(\.origin) where capacities[kernel].map({ $0 > capacity }) ?? true {
      capacities[kernel] = capacity
      program.addPeakRow(kernel: kernel, capacity: capacity)
    }
  }
}

extension TrainingStep {
  /// A kernel at which the live bytes have a local maximum: its place in the step, and in the template.
  typealias Peak = (position: Int, origin: Int)

  /// All such kernels, the largest first.
  func worstKernels() -> [Peak] {
    let live = liveBytes()
    let peaks = live.indices.filter { index in
      (index == 0 || live[index - 1] < live[index])
        && (index == live.count - 1 || live[index + 1] <= live[index])
    }
    return peaks.sorted { (live[$0], $1) > (live[$1], $0) }.map { ($0, kernels[$0].origin) }
  }
}
