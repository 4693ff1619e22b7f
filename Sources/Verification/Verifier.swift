import Foundation
import Graph
import Limits
import Planning
import Tasks
import TrainerModels
import Training
import Units

/// Proves a plan by carrying it out: a child process really trains under the plan's limit, and is measured and judged.
public struct Verifier {
  /// What full fine-tuning reaches, to compare with.
  public enum Baseline: Sendable, Equatable {
    /// Train everything with the same trainer, data, steps and seed, without a limit.
    case measure
    /// A figure known from before.
    case recorded(Double)
    case none
  }

  public var plan: Plan
  public var preparation: Preparation
  public var dataset: Dataset?
  public var trainer: any PlanTrainer
  public var settings: TrainingSettings
  public var baseline: Baseline
  /// How much of the metric may be lost against the baseline.
  public var tolerance: Double
  /// Mechanisms to hold the child by; nil for the best there are.
  public var mechanisms: [LimitMechanism]?

  /// - Parameter plan: as `PlanTrainer.adapted(_:)` gives it.
  public init(
    plan: Plan, preparation: Preparation, dataset: Dataset?, trainer: any PlanTrainer,
    settings: TrainingSettings, baseline: Baseline, tolerance: Double, mechanisms: [LimitMechanism]? = nil
  ) {
    self.plan = plan
    self.preparation = preparation
    self.dataset = dataset
    self.trainer = trainer
    self.settings = settings
    self.baseline = baseline
    self.tolerance = tolerance
    self.mechanisms = mechanisms
  }

  /// - Parameter onMessage: the child's stages and progress, with what is being run.
  public func verify(onMessage: (_ run: String, WorkerMessage) -> Void) throws -> VerificationReport {
    let prediction = trainer.prediction(plan)
    var report = VerificationReport(
      model: plan.model.name, planObjective: plan.objective, task: dataset?.task.name, device: plan.device,
      trainer: trainer.model, passed: false, fits: false, budgetBytes: plan.budgetBytes,
      predictedPeakBytes: prediction.peakBytes, metricTolerance: tolerance, steps: settings.steps)
    let outcome = try LimitPlan.with(
      budget: plan.budgetBytes, mappedBytes: plan.mappedBytes, mappedBytesCounted: !plan.mappedFree,
      mechanisms: mechanisms
    ) { limit in
      report.limitEnforcedBy = limit.mechanisms.map(\.rawValue).joined(separator: " + ")
      return try trainer.run(run(plan, rehearses: true), limit: limit) { onMessage("plan", $0) }
    }
    switch outcome {
    case .didNotFit(let reason, let stage):
      report.stoppedBecause = "\(reason), while \(stage); \(Self.likelyCause(in: plan))"
    case .finished(let measured):
      report.record(measured, prediction)
      try compare(&report, onMessage)
    }
    let allowed = plan.budgetBytes + (plan.mappedFree ? plan.mappedBytes : 0)
    report.judge(
      allowedBytes: allowed, prediction, baseline: baseline, unlearned: try unlearnedMetric())
    return report
  }

  /// Why a plan may have been stopped, and what to do next.
  static func likelyCause(in plan: Plan) -> String {
    if plan.chargedBytes > plan.budgetBytes {
      return "the plan needs \(ByteCount.format(plan.chargedBytes)), so plan anew for this budget"
    }
    let held = ByteCount.format(plan.runtimeBytes)
    return "\(held) were held back for the program itself, so plan anew here, or with a larger --runtime"
  }

  /// The task's headline metric of a model that gives every example the same answer: of accuracy the share of the most frequent class, and
  /// of correlations and F1 nothing.
  private func unlearnedMetric() throws -> Double {
    guard dataset?.task.headline == .accuracy, let path = preparation.evaluationData else { return 0 }
    let data = try PreparedData(opening: URL(fileURLWithPath: path))
    var counts: [[Int32]: Int] = [:]
    for index in 0..<data.count { counts[data[index].labels, default: 0] += 1 }
    return Double(counts.values.max() ?? 0) / Double(max(data.count, 1))
  }

  private func run(_ plan: Plan, rehearses: Bool) -> PlanRun {
    PlanRun(
      plan: plan, preparation: preparation, task: dataset?.task, settings: settings, rehearses: rehearses)
  }

  /// Fills in full fine-tuning's side.
  private func compare(
    _ report: inout VerificationReport, _ onMessage: (String, WorkerMessage) -> Void
  ) throws {
    guard dataset != nil else { return }
    switch baseline {
    case .none: break
    case .recorded(let value): report.baselineMetric = value
    case .measure:
      var full = plan
      let graph = preparation.model.graph
      full.trainable = graph.parameters.map { graph.qualifiedName($0) }
      full.retainedNodes = plan.retainedNodes.map { _ in graph.configuration.feedForwardSize }
      full.learnerNodes = plan.learnerNodes.map { _ in [] }
      full.trainableParameters = graph.parameterCount
      let outcome = try trainer.run(run(full, rehearses: false), limit: nil) {
        onMessage("full fine-tuning", $0)
      }
      guard case .finished(let measured) = outcome else { return }
      report.baselineSecondsPerStep = measured.secondsPerStep
      report.baselineMetric = measured.scores.first?.value
    }
  }
}
