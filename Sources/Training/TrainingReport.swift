import Tasks

/// What a training process measured of itself and of the model.
public struct TrainingReport: Sendable, Codable {
  /// Resident bytes of the process before the arena and the weights: the runtime's share.
  public var baselineResidentBytes: Int
  /// Largest resident bytes from then on, by the operating system; nil where it does not tell.
  public var residentPeakBytes: Int?
  /// The arena's high-water mark and the mapped tensors that kernels were given.
  public var measuredPeakBytes: Int
  public var arenaBytes: Int
  public var mappedBytes: Int
  /// Bytes of planned buffers and mapped tensors whose pages were never touched.
  public var untouched: [Untouched]
  public var limitEnforcedBy: String?
  public var steps: Int
  /// The step of the checkpoint that this process went on from; nil where it began.
  public var resumedFrom: Int?
  /// Of the whole run, like tokens and losses; times are of this process.
  public var examples: Int
  public var tokens: Int
  /// Median over the last thousand steps, without the rehearsal.
  public var secondsPerStep: Double
  /// Over the time spent in steps: without evaluations and checkpoints.
  public var tokensPerSecond: Double
  /// From the process's start to the end of its first step; nil where the system does not tell.
  public var secondsToFirstStep: Double?
  /// By kernel and by kind; nil where no step was taken.
  public var times: StepTimes?
  public var firstLoss: Double?
  /// Mean over the last tenth of the steps.
  public var lastLoss: Double?
  /// On the evaluation examples, the task's headline metric first; of the weights that were kept.
  public var scores: [Score]
  public var evaluationExamples: Int
  /// On the way and at the end.
  public var evaluations: [Evaluation]
  /// The step whose weights were kept.
  public var keptStep: Int
  /// nil where nothing was scored.
  public var scoringTimes: ScoringTimes?

  public struct Untouched: Sendable, Codable, Equatable {
    public var name: String
    public var bytes: Int
  }
}

/// How far a run is, after a step.
public struct StepProgress: Sendable, Codable, Equatable {
  /// Counted from 1; 0 before the run.
  public var step: Int
  public var steps: Int
  public var loss: Double
  public var learningRate: Double
  /// Since this process's first step.
  public var tokensPerSecond: Double
  /// nil in trainers without an arena.
  public var arenaBytes: Int?
  /// Now, by the operating system; nil where it does not tell.
  public var residentBytes: Int?
  /// The headline metric of the last evaluation, and its step.
  public var metric: Score?
  public var metricStep: Int?
}

/// What another trainer's process measured of itself.
public struct TrainerFigures: Sendable, Codable, Equatable {
  /// The trainer, the libraries below it and the language, with their versions.
  public var versions: String
  /// Resident bytes before the model.
  public var baselineResidentBytes: Int
  /// Largest resident bytes from then on, by the operating system; nil where it does not tell.
  public var residentPeakBytes: Int?
  /// The most bytes of tensors alive at once, where that is what was to be measured.
  public var liveBytes: Int?
  /// Median over all steps, without the rehearsal.
  public var secondsPerStep: Double?
  public var firstLoss: Double?
  /// Mean over the last tenth of the steps.
  public var lastLoss: Double?
  public var evaluationExamples: Int?
}

/// What a training process tells its parent, one JSON object a line.
public enum WorkerMessage: Sendable, Codable {
  /// Where the process is, for people and for a report should it be killed.
  case stage(String)
  /// Step 0 is said before the run with every field filled, so that saying it is part of the baseline.
  case progress(StepProgress)
  case finished(TrainingReport)
  /// The same of another trainer's process; its parent scores what it predicted.
  case measured(TrainerFigures)
  /// The answer to a job that only measures the runtime.
  case runtime(residentBytes: Int)
  /// A mistake in the input or a lost cause, with its exit status.
  case failed(message: String, exitStatus: Int32)
  /// The arena could not be reserved under the limit.
  case reservationRefused(bytes: Int, stage: String)
}
