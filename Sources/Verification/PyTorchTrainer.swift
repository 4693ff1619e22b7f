import Exporting
import Limits
import Planning
import TrainerModels
import Training

/// PyTorch and transformers in the user's own Python, on the CPU.
///
/// The parent writes the module of `export --to pytorch` and a script that trains with it (`Templates`), the weights with the same fresh
/// tensors, the tokens and the order of the examples as the engine has them, and scores the logits that come back.
public struct PyTorchTrainer: PlanTrainer {
  public var python: PythonInterpreter
  public var options: PyTorchOptions
  /// What the exported module says made it.
  public var producer: String

  public init(python: PythonInterpreter, options: PyTorchOptions, producer: String) {
    self.python = python
    self.options = options
    self.producer = producer
  }

  /// The live peak was predicted to less than 0.005 % over 77 settings (docs/results/pytorch-memory.md).
  public static let peakTolerance = 0.001
  /// By how many bytes it may differ in any case.
  ///
  /// Of AdamW's temporaries in a loop, the one that is kept until the next tensor's is there is followed in feed-forward pairs only
  /// (`PyTorchLowering.emitUpdates`): that shows where tables are small. In a model of three layers whose step takes 3.8 MB it came to 82,408 bytes.
  public static let peakSlackBytes = 128 << 10

  public var model: TrainerModel { .pytorch }

  public func prediction(_ plan: Plan) -> Prediction {
    Prediction(
      peakBytes: plan.arenaBytes, allocatorBytes: plan.predictedPeakBytes - plan.arenaBytes,
      peakTolerance: Self.peakTolerance, peakSlackBytes: Self.peakSlackBytes)
  }

  public func run(
    _ run: PlanRun, limit: LimitPlan?, onMessage: (WorkerMessage) -> Void
  ) throws -> RunOutcome {
    let job = PyTorchJob(run, options: options)
    try job.write(module: try PyTorchExporter(producer: producer).export(run.plan))
    switch try listen(job, limit: limit, onMessage: onMessage) {
    case .didNotFit(let reason, let stage): return .didNotFit(reason: reason, stage: stage)
    case .measured(let figures):
      var measurement = Measurement(
        trainerVersion: figures.versions, baselineResidentBytes: figures.baselineResidentBytes,
        residentPeakBytes: figures.residentPeakBytes, scores: try job.scores(by: run.task),
        evaluationExamples: figures.evaluationExamples ?? 0, secondsPerStep: figures.secondsPerStep,
        firstLoss: figures.firstLoss, lastLoss: figures.lastLoss)
      if run.rehearses { measurement.peakBytes = try livePeak(job, onMessage: onMessage) }
      return .finished(measurement)
    case .finished, .runtime:
      throw PythonError.lost(path: python.path, how: "gave no figures", stage: "training")
    }
  }

  /// The most bytes of tensors alive, measured in a short run without a limit: the profiler needs memory too.
  ///
  /// - Returns: nil where this PyTorch's profiler does not tell.
  private func livePeak(_ job: PyTorchJob, onMessage: (WorkerMessage) -> Void) throws -> Int? {
    let job = job.with(.live)
    try job.write()
    do {
      guard case .measured(let figures) = try listen(job, limit: nil, onMessage: onMessage) else { return nil }
      return figures.liveBytes
    } catch WorkerError.failed {
      return nil
    }
  }

  private func listen(
    _ job: PyTorchJob, limit: LimitPlan?, onMessage: (WorkerMessage) -> Void
  ) throws -> Worker.Outcome {
    do {
      return try Worker.listen(
        to: python.path, arguments: [job.script, job.file],
        environment: python.environment(threads: job.threads), limit: limit, onMessage: onMessage)
    } catch WorkerError.lost(let how, let stage) {
      throw PythonError.lost(path: python.path, how: how, stage: stage)
    }
  }
}
