import Limits
import Planning
import TrainerModels
import Training

/// This program's own engine, in a worker process.
public struct EngineTrainer: PlanTrainer {
  /// This program.
  public var executable: String

  public init(executable: String) { self.executable = executable }

  /// How far above the prediction the process may grow beside its baseline: allocator and page tables.
  public static let residentTolerance = 0.03
  /// The same for models so small that pages of heap and code weigh more than three percent of them; up to 544 KiB were seen, in pieces of
  /// the 64 KiB that a fault on the program's own pages brings in.
  public static let residentSlackBytes = 768 << 10

  public var model: TrainerModel { .permafrost }
  public var options: PyTorchOptions { PyTorchOptions() }

  public func prediction(_ plan: Plan) -> Prediction {
    Prediction(
      peakBytes: plan.predictedPeakBytes, allocatorBytes: 0, peakTolerance: 0,
      residentTolerance: Self.residentTolerance, residentSlackBytes: Self.residentSlackBytes)
  }

  public func run(
    _ run: PlanRun, limit: LimitPlan?, onMessage: (WorkerMessage) -> Void
  ) throws -> RunOutcome {
    let job = TrainingJob(
      purpose: .measure, plan: run.plan, modelDirectory: run.preparation.modelDirectory,
      trainingData: run.preparation.trainingData, evaluationData: run.preparation.evaluationData,
      task: run.task?.name, settings: run.settings, rehearses: run.rehearses)
    let outcome = try Worker.run(
      job, executable: executable, directory: run.preparation.directory, limit: limit, onMessage: onMessage)
    switch outcome {
    case .didNotFit(let reason, let stage): return .didNotFit(reason: reason, stage: stage)
    case .finished(let report): return .finished(Measurement(report))
    case .measured, .runtime: preconditionFailure("a measuring job answers with a report")
    }
  }
}

extension Measurement {
  init(_ report: TrainingReport) {
    self.init(
      baselineResidentBytes: report.baselineResidentBytes, residentPeakBytes: report.residentPeakBytes,
      peakBytes: report.measuredPeakBytes, untouched: report.untouched, limitEnforcedBy: report.limitEnforcedBy,
      scores: report.scores, evaluationExamples: report.evaluationExamples,
      secondsPerStep: report.secondsPerStep, times: report.times, firstLoss: report.firstLoss,
      lastLoss: report.lastLoss)
  }
}
