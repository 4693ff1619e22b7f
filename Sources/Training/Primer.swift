import Foundation
import Graph
import Limits
import Planning
import Steps
import Tasks
import Units

/// FAR's priming (Vucetic et al., arXiv 2205.01541): a short stretch of training that scores every tensor and feed-forward node.
///
/// Under a budget that full fine-tuning does not fit, everything is scored in turns: each trains the head and as much
/// else as fits, from the pretrained weights, on the same batches, for the same steps.
public struct Primer {
  /// What every turn must fit.
  public struct Budget: Sendable {
    public var bytes: Int
    public var mappedFree: Bool
    /// The training process's own share.
    public var runtimeBytes: Int

    public init(bytes: Int, mappedFree: Bool, runtimeBytes: Int) {
      self.bytes = bytes
      self.mappedFree = mappedFree
      self.runtimeBytes = runtimeBytes
    }
  }

  public struct Result: Sendable {
    public var scores: Scores
    /// What each turn measured of itself.
    public var reports: [TrainingReport]
    /// How every turn kept what backward needs.
    public var saving: Saving
    public var costs: [Cost]
  }

  /// What a metric took beside training itself.
  public struct Cost: Sendable, Equatable {
    public var metric: Scores.Metric
    /// Of the sum that it needs, a tensor and a node.
    public var bytes: Int
    /// Optimizer state that it reads and that training keeps anyway; of the largest turn.
    public var stateBytes: Int
    /// Reading, at the end of all turns; metrics that read the same share it.
    public var seconds: Double
  }

  public var preparation: Preparation
  public var recipe: Recipe
  /// Policies to choose among; the fastest first.
  public var policies: [Saving]
  public var task: String?
  public var settings: TrainingSettings
  public var budget: Budget?
  public var executable: String

  public init(
    preparation: Preparation, recipe: Recipe, policies: [Saving], task: String?, settings: TrainingSettings,
    budget: Budget?, executable: String
  ) {
    self.preparation = preparation
    self.recipe = recipe
    self.policies = policies
    self.task = task
    self.settings = settings
    self.budget = budget
    self.executable = executable
    // Decay moves weights that no gradient asks for, such as rows of words that do not occur.
    self.settings.weightDecay = 0
  }

  /// - Parameter onMessage: the stages and progress of each turn, with its name.
  /// - Throws: `PrimingError`, `WorkerError`, `LimitError`.
  public func prime(onMessage: (_ run: String, WorkerMessage) -> Void) throws -> Result {
    let graph = preparation.model.graph
    let (recipe, cut) = try turns()
    var sums: [PrimingSums] = []
    var reports: [TrainingReport] = []
    for (index, turn) in cut.turns.enumerated() {
      let file = preparation.directory.appendingPathComponent("turn.sums")
      let run = cut.turns.count == 1 ? "priming" : "priming \(index + 1)/\(cut.turns.count)"
      reports.append(try train(turn, recipe, sums: file) { onMessage(run, $0) })
      guard let measured = try PrimingSums(graph, contentsOf: file) else {
        throw WorkerError.lost(how: "wrote no sums", stage: "keeping the result")
      }
      sums.append(measured)
    }
    var scores = Scores(
      origin: .priming, modelIdentity: preparation.model.identity,
      weightsIdentity: try preparation.model.weights?.weightsIdentity(), task: task, steps: settings.steps,
      measurements: PrimingSums(merging: sums, graph).measurements(
        graph, gradients: sums.count == 1 && recipe.optimizer.keepsSquaredGradients))
    if scores.saysNothing { throw PrimingError.nothingMoved(steps: settings.steps) }
    scores.turns = cut.turns.count > 1 ? cut.turns.count : nil
    scores.unscored = cut.unscored.isEmpty ? nil : cut.unscored
    let template = StepTemplate(graph, recipe)
    let moments = cut.turns.map { StepProgram(template, $0.selection).secondMomentBytes }.max() ?? 0
    return Result(
      scores: scores, reports: reports, saving: recipe.saving,
      costs: scores.measurements.map { cost(of: $0.metric, reports.compactMap(\.scoringTimes), moments) })
  }

  private func cost(of metric: Scores.Metric, _ times: [ScoringTimes], _ moments: Int) -> Cost {
    let bytes = PrimingSums.bytes(preparation.model.graph) / PrimingSums.Sums.count
    let seconds = times.map { metric.readsGradients ? $0.gradients ?? 0 : $0.changes }.reduce(0, +)
    return Cost(
      metric: metric, bytes: bytes, stateBytes: metric.readsGradients ? moments : 0, seconds: seconds)
  }

  /// The fewest turns that leave the least out, and the recipe that they have in common.
  ///
  /// - Throws: `PrimingError.tooSmall` where not even the head can train.
  public func turns() throws(PrimingError) -> (recipe: Recipe, turns: PrimingTurns) {
    let graph = preparation.model.graph
    var best: (recipe: Recipe, turns: PrimingTurns)?
    var least = Int.max
    for policy in policies {
      var recipe = recipe
      recipe.saving = policy
      let template = StepTemplate(graph, recipe)
      func charged(_ turn: PrimingTurn) -> Int { chargedBytes(StepProgram(template, turn.selection)) }
      let head = charged(.head(graph))
      least = min(least, head)
      guard head <= budget?.bytes ?? .max else { continue }
      let turns = PrimingTurns(graph) { charged($0) <= budget?.bytes ?? .max }
      let isBetter =
        best.map {
          (turns.unscored.count, turns.turns.count) < ($0.turns.unscored.count, $0.turns.turns.count)
        } ?? true
      if isBetter { best = (recipe, turns) }
    }
    guard let best else { throw .tooSmall(budget: budget?.bytes ?? 0, needed: least) }
    return best
  }

  /// Bytes of a whole process that trains so: its own, the sums, and the step.
  private func chargedBytes(_ program: StepProgram) -> Int {
    (budget?.runtimeBytes ?? 0) + PrimingSums.bytes(program.training.graph)
      + (budget?.mappedFree == true ? program.arenaBytes : program.peakBytes)
  }

  private func train(
    _ turn: PrimingTurn, _ recipe: Recipe, sums: URL, onMessage: (WorkerMessage) -> Void
  ) throws -> TrainingReport {
    let model = preparation.model
    let plan = Plan.given(
      turn.selection,
      PlanRequest(
        graph: model.graph, modelName: model.displayName, modelIdentity: model.identity, recipe: recipe,
        scores: .prior(model.graph, modelIdentity: model.identity), budgetBytes: budget?.bytes ?? .max,
        mappedFree: budget?.mappedFree ?? false, runtimeBytes: budget?.runtimeBytes ?? 0, task: task),
      keeping: turn.nodes.map { Array($0) })
    let job = TrainingJob(
      purpose: .prime(sums: sums.path), plan: plan, modelDirectory: preparation.modelDirectory,
      trainingData: preparation.trainingData, evaluationData: nil, task: task, settings: settings,
      rehearses: budget != nil)
    func run(_ limit: LimitPlan?) throws -> Worker.Outcome {
      try Worker.run(
        job, executable: executable, directory: preparation.directory, limit: limit, onMessage: onMessage)
    }
    let outcome =
      try budget.map { budget in
        try LimitPlan.with(
          budget: budget.bytes, mappedBytes: plan.mappedBytes, mappedBytesCounted: !budget.mappedFree, run)
      } ?? run(nil)
    switch outcome {
    case .finished(let report): return report
    case .didNotFit(let reason, let stage):
      throw PrimingError.didNotFit(budget: budget?.bytes ?? 0, reason: reason, stage: stage)
    case .measured, .runtime: throw WorkerError.lost(how: "gave no scores", stage: "priming")
    }
  }
}

extension StepProgram {
  /// Bytes of AdamW's second moments.
  fileprivate var secondMomentBytes: Int {
    training.buffers.reduce(0) { total, buffer in
      guard case .state(_, index: 1) = buffer.content else { return total }
      return total + buffer.bytes
    }
  }
}

/// Why priming does not fit.
public enum PrimingError: UserFacingError, Equatable {
  case tooSmall(budget: Int, needed: Int)
  case didNotFit(budget: Int, reason: String, stage: String)
  /// No weight changed, or had a gradient.
  case nothingMoved(steps: Int)

  public var exitStatus: ExitStatus { .negative }

  public var description: String {
    switch self {
    case .tooSmall(let budget, let needed):
      "\(ByteCount.format(budget, rounding: .down)) do not suffice to train even the head alone; priming needs "
        + "\(ByteCount.format(needed, rounding: .up)) (\(ByteCount.formatExactly(needed)))"
    case .didNotFit(let budget, let reason, let stage):
      "priming did not fit in \(ByteCount.format(budget, rounding: .down)): \(reason), while \(stage); give a larger --runtime"
    case .nothingMoved(let steps):
      "every score is 0 after \(Quantity.count(steps, of: "step")); give more '--steps', or less '--warmup'"
    }
  }
}
