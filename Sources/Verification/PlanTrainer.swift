import Graph
import Limits
import Planning
import Steps
import Tasks
import TrainerModels
import Training

/// Whose training process carries a plan out, and what is predicted for it.
public protocol PlanTrainer: Sendable {
  var model: TrainerModel { get }

  /// What decides its memory beside the recipe.
  var options: PyTorchOptions { get }

  /// - Parameter plan: adapted to this trainer.
  func prediction(_ plan: Plan) -> Prediction

  /// Trains in a process of its own and measures it, under a limit if one is given.
  ///
  /// - Parameter onMessage: the process's stages and progress.
  /// - Throws: `WorkerError`, or the trainer's own.
  func run(
    _ run: PlanRun, limit: LimitPlan?, onMessage: (WorkerMessage) -> Void
  ) throws -> RunOutcome
}

extension PlanTrainer {
  /// The plan with this trainer's bytes in place of another's.
  ///
  /// - Throws: `PlanError`; its recipe is one that the trainer cannot run, for instance.
  public func adapted(_ plan: Plan) throws -> Plan {
    guard plan.trainer != model || plan.trainerOptions != (model == .permafrost ? nil : options) else {
      return plan
    }
    var plan = plan
    (plan.trainer, plan.trainerOptions) = (model, model == .permafrost ? nil : options)
    let graph = EncoderGraph(plan.model.configuration)
    let program = StepProgram(plan.template(of: graph), try plan.selection(of: graph))
    plan.predictedPeakBytes = model.peakBytes(of: program.training)
    (plan.arenaBytes, plan.mappedBytes) = (program.arenaBytes, program.mappedBytes)
    plan.mappedFree = plan.mappedFree && model == .permafrost
    return plan
  }
}

/// One run of a plan: with what data, how long, how fast.
public struct PlanRun {
  public var plan: Plan
  public var preparation: Preparation
  /// The task whose metrics to compute; nil runs on random tokens, which tells the memory and nothing else.
  public var task: TaskDefinition?
  public var settings: TrainingSettings
  /// Whether to begin with the largest batch that the plan allows, and to measure what is predicted exactly.
  public var rehearses: Bool
}

/// How a run ended.
public enum RunOutcome: Sendable {
  case finished(Measurement)
  /// The memory limit stopped it.
  case didNotFit(reason: String, stage: String)
}

/// What a trainer's step is predicted to use, and how sure that is.
public struct Prediction: Sendable, Equatable {
  /// What is counted byte by byte: the arena and the mapped tensors, or the tensors alive at once.
  public var peakBytes: Int
  /// What an allocator holds beside them.
  public var allocatorBytes: Int
  /// By which share of the prediction the measured peak may differ.
  public var peakTolerance: Double
  /// By how many bytes it may in any case.
  public var peakSlackBytes = 0
  /// By which share of the prediction the process may grow further than predicted.
  public var residentTolerance = 0.0
  /// By how many bytes it may do so in any case.
  public var residentSlackBytes = 0

  /// By how much the process grows beside its baseline.
  public var growthBytes: Int { peakBytes + allocatorBytes }
}

/// What a run measured, in the terms that all trainers share.
public struct Measurement: Sendable {
  public var trainerVersion: String?
  /// Resident bytes before weights and step.
  public var baselineResidentBytes: Int
  /// Largest resident bytes from then on; nil where the system does not tell.
  public var residentPeakBytes: Int?
  /// What `Prediction.peakBytes` predicts; nil where it was not to be measured.
  public var peakBytes: Int?
  public var untouched: [TrainingReport.Untouched] = []
  /// As the process read it back; nil where it only saw that its limits hold.
  public var limitEnforcedBy: String?
  /// The task's headline metric first.
  public var scores: [Score]
  public var evaluationExamples: Int
  public var secondsPerStep: Double?
  public var times: StepTimes?
  public var firstLoss: Double?
  public var lastLoss: Double?
}
