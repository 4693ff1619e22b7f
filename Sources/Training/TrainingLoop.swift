import Engine
import Foundation
import Steps
import Tasks

/// The steps of a run, with evaluations and checkpoints between them.
struct TrainingLoop {
  let job: TrainingJob
  let engine: Engine
  let task: TaskDefinition?
  let evaluation: PreparedData?
  let checkpoints: RunCheckpoints?
  let report: (WorkerMessage) -> Void
  var feeder: BatchFeeder
  var history: RunHistory
  var clock = StepClock()

  /// Takes the steps that are left.
  ///
  /// - Throws: `TrainingStopped` when a signal asked for it, `EngineError`, `FileError`.
  mutating func run() throws {
    let settings = job.settings
    try stopIfAsked()
    while history.step < settings.steps {
      try takeStep()
      let step = history.step
      // The last step is evaluated by whoever keeps the result.
      if settings.evaluateEvery > 0, step % settings.evaluateEvery == 0, step < settings.steps {
        try evaluate()
        if settings.keeping == .best, history.best?.step == step {
          try checkpoints?.writeBest(history, engine)
        }
      }
      report(.progress(progress))
      if checkpoints?.isDue(step) == true {
        report(.stage("writing the checkpoint of step \(step)"))
        try checkpoints?.write(history, engine)
      }
      if step < settings.steps { try stopIfAsked() }
    }
  }

  private mutating func takeStep() throws {
    let step = history.step + 1
    if clock.steps == 0 || step % 10 == 0 { report(.stage("step \(step) of \(job.settings.steps)")) }
    let filling = ContinuousClock.now
    feeder.fill(step: step - 1)
    clock.data += ContinuousClock.now - filling
    let update = UpdateSettings(
      learningRate: job.settings.learningRate(at: step), weightDecay: job.settings.weightDecay)
    let start = ContinuousClock.now
    let loss = try engine.train(feeder.batch, step: step, update)
    clock.append(seconds: (ContinuousClock.now - start) / .seconds(1), tokens: feeder.batch.tokenCount)
    history.append(loss: loss, examples: feeder.batch.sequenceCount, tokens: feeder.batch.tokenCount)
  }

  /// Evaluates the weights as they are, and takes the scores down.
  ///
  /// - Returns: none without evaluation examples.
  /// - Throws: `EvaluationDiverged`, and what the evaluator throws.
  @discardableResult
  mutating func evaluate(
    keepsPredictions: Bool = false
  ) throws -> (scores: [Score], predictions: String?) {
    guard evaluation != nil else { return ([], nil) }
    report(.stage("evaluating after step \(history.step)"))
    let result = try scores(keepsPredictions: keepsPredictions)
    guard result.scores.allSatisfy(\.value.isFinite) else {
      try engine.checkPretrainedWeights()
      throw EvaluationDiverged(step: history.step)
    }
    history.append(scores: result.scores)
    return result
  }

  /// Scores of the engine's weights, without taking them down.
  func scores(keepsPredictions: Bool) throws -> (scores: [Score], predictions: String?) {
    guard let evaluation, let task else { return ([], nil) }
    return try Evaluator(engine: engine, recipe: job.plan.recipe).scores(
      evaluation, task, keepsPredictions: keepsPredictions)
  }

  private func stopIfAsked() throws {
    guard StopRequest.isReceived else { return }
    let (step, steps) = (history.step, job.settings.steps)
    try checkpoints?.write(history, engine)
    throw TrainingStopped(step: step, steps: steps, directory: checkpoints?.folder.path)
  }

  private var progress: StepProgress {
    let last = history.evaluations.last
    return StepProgress(
      step: history.step, steps: job.settings.steps, loss: history.losses.last ?? 0,
      learningRate: job.settings.learningRate(at: history.step), tokensPerSecond: clock.tokensPerSecond,
      arenaBytes: engine.arenaBytes.count, residentBytes: ProcessFigures.residentBytes,
      metric: last?.scores.first, metricStep: last?.step)
  }
}

/// Times of the steps that this process took.
struct StepClock {
  private static let kept = 1000
  /// The last thousand, in any order; all of it touched at once, so that a run's memory does not grow.
  private var recent = [Double](repeating: 0, count: kept)
  private(set) var steps = 0
  private(set) var secondsToFirstStep: Double?
  private var seconds = 0.0
  private var tokens = 0
  /// Spent on filling batches.
  var data = Duration.zero

  mutating func append(seconds: Double, tokens: Int) {
    if steps == 0 { secondsToFirstStep = ProcessFigures.secondsSinceStart }
    recent[steps % Self.kept] = seconds
    steps += 1
    self.seconds += seconds
    self.tokens += tokens
  }

  /// Over the time spent in steps.
  var tokensPerSecond: Double { Double(tokens) / max(seconds, 1e-9) }

  /// Upper median of the last thousand steps; 0 before the first.
  var medianSeconds: Double {
    let sorted = recent.prefix(steps).sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
  }
}
