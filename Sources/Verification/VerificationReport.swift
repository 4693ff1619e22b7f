import Foundation
import Planning
import Tasks
import TrainerModels
import Training

/// What a verification found: measured against predicted, and against full fine-tuning.
///
/// JSON keys are the properties' names in snake case.
public struct VerificationReport: Sendable, Codable, Equatable {
  /// One requirement and how it came out.
  public struct Check: Sendable, Codable, Equatable {
    public enum Result: String, Sendable, Codable {
      case passed, failed
      /// Could not be measured here; never counts as passed.
      case notMeasured = "not_measured"
      /// Not asked for.
      case skipped
    }
    public var name: String
    public var result: Result
    public var detail: String
  }

  public var kind = "permafrost-verification"
  public var schema = 1
  public var model: String
  public var planObjective: Double
  public var task: String?
  public var device: String?
  /// Whose process trained.
  public var trainer: TrainerModel
  /// Its libraries' versions, where it is not this program.
  public var trainerVersion: String?

  public var passed: Bool
  public var fits: Bool
  public var checks: [Check] = []

  public var budgetBytes: Int
  /// The arena and the mapped tensors; in PyTorch the tensors alive at once.
  public var predictedPeakBytes: Int
  /// The arena's high-water mark, and the mapped tensors that kernels read; in PyTorch by its profiler, in a run of its own.
  public var measuredPeakBytes: Int?
  /// `baselineResidentBytes` and what the trainer's step adds by prediction, its allocator's share included.
  public var predictedResidentBytes: Int?
  public var residentPeakBytes: Int?
  public var baselineResidentBytes: Int?
  /// Planned or mapped bytes whose pages were never touched.
  public var untouchedBytes: Int?
  public var untouched: [TrainingReport.Untouched] = []
  public var limitEnforcedBy: String?
  /// Where and why the limit stopped the run, when it did.
  public var stoppedBecause: String?

  public var metricName: String?
  public var metric: Double?
  public var baselineMetric: Double?
  /// All metrics of the task.
  public var metrics: [String: Double] = [:]
  public var metricTolerance: Double
  public var evaluationExamples: Int = 0

  public var steps: Int
  public var secondsPerStep: Double?
  public var baselineSecondsPerStep: Double?
  /// Where the time of the plan's steps went.
  public var times: StepTimes?
  public var firstLoss: Double?
  public var lastLoss: Double?
}
