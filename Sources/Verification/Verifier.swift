import Checkpoints
import Foundation
import Graph
import Limits
import Planning
import Steps
import Tasks
import Training
import Units

/// Proves a plan by carrying it out: a child process really trains under the plan's limit, and is measured and judged.
public struct Verifier {
  /// What full fine-tuning reaches, to compare with.
  public enum Baseline: Sendable, Equatable {
    /// Train everything with the same data, steps and seed, without a limit.
    case measure
    /// A figure known from before.
    case recorded(Double)
    case none
  }

  public var plan: Plan
  public var preparation: Preparation
  public var dataset: Dataset?
  public var executable: String
  public var settings: TrainingSettings
  public var baseline: Baseline
  /// How much of the metric may be lost against the baseline.
  public var tolerance: Double
  /// Mechanisms to hold the child by; nil for the best there are.
  public var mechanisms: [LimitMechanism]?

  public init(
    plan: Plan, preparation: Preparation, dataset: Dataset?, executable: String,
    settings: TrainingSettings, baseline: Baseline, tolerance: Double, mechanisms: [LimitMechanism]? = nil
  ) {
    self.plan = plan
    self.preparation = preparation
    self.dataset = dataset
    self.executable = executable
    self.settings = settings
    self.baseline = baseline
    self.tolerance = tolerance
    self.mechanisms = mechanisms
  }

  /// How far above the prediction the process may grow beside its baseline: allocator and page tables.
  public static let residentTolerance = 0.03
  /// The same for models so small that pages of heap and code weigh more than three percent of them; up to 544 KiB were seen, in pieces of
  /// the 64 KiB that a fault on the program's own pages brings in.
  public static let residentSlackBytes = 768 << 10

  /// - Parameter onMessage: the child's stages and progress, with what is being run.
  public func verify(onMessage: (_ run: String, WorkerMessage) -> Void) throws -> VerificationReport {
    var report = VerificationReport(
      model: plan.model.name, planObjective: plan.objective, task: dataset?.task.name, device: plan.device,
      passed: false, fits: false, budgetBytes: plan.budgetBytes, predictedPeakBytes: plan.predictedPeakBytes,
      metricTolerance: tolerance, steps: settings.steps)
    let outcome = try LimitPlan.with(
      budget: plan.budgetBytes, mappedBytes: plan.mappedBytes, mappedBytesCounted: !plan.mappedFree,
      mechanisms: mechanisms
    ) { limit in
      report.limitEnforcedBy = limit.mechanisms.map(\.rawValue).joined(separator: " + ")
      return try Worker.run(
        job(plan, rehearses: true), executable: executable, directory: preparation.directory, limit: limit
      ) { onMessage("plan", $0) }
    }
    switch outcome {
    case .didNotFit(let reason, let stage):
      report.stoppedBecause = "\(reason), while \(stage)"
    case .runtime: preconditionFailure("a measuring job answers with a report")
    case .finished(let measured):
      report.record(measured)
      report.baselineMetric = try baselineMetric(&report, onMessage)
    }
    report.judge(plan: plan, baseline: baseline)
    return report
  }

  private func job(_ plan: Plan, rehearses: Bool) -> TrainingJob {
    TrainingJob(
      purpose: .measure, plan: plan, modelDirectory: preparation.modelDirectory,
      trainingData: preparation.trainingData, evaluationData: preparation.evaluationData,
      task: dataset?.task.name, settings: settings, rehearses: rehearses)
  }

  private func baselineMetric(
    _ report: inout VerificationReport, _ onMessage: (String, WorkerMessage) -> Void
  ) throws -> Double? {
    guard dataset != nil else { return nil }
    switch baseline {
    case .none: return nil
    case .recorded(let value): return value
    case .measure:
      var full = plan
      let graph = preparation.model.graph
      full.trainable = graph.parameters.map { graph.qualifiedName($0) }
      full.retainedNodes = plan.retainedNodes.map { _ in graph.configuration.feedForwardSize }
      full.learnerNodes = plan.learnerNodes.map { _ in [] }
      let outcome = try Worker.run(
        job(full, rehearses: false), executable: executable, directory: preparation.directory
      ) { onMessage("full fine-tuning", $0) }
      guard case .finished(let measured) = outcome else { return nil }
      report.baselineSecondsPerStep = measured.secondsPerStep
      return measured.scores.first?.value
    }
  }
}

extension VerificationReport {
  fileprivate mutating func record(_ measured: TrainingReport) {
    measuredPeakBytes = measured.measuredPeakBytes
    residentPeakBytes = measured.residentPeakBytes
    baselineResidentBytes = measured.baselineResidentBytes
    untouched = measured.untouched
    untouchedBytes = measured.untouched.reduce(0) { $0 + $1.bytes }
    limitEnforcedBy = measured.limitEnforcedBy ?? limitEnforcedBy
    metricName = measured.scores.first?.metric.rawValue
    metric = measured.scores.first?.value
    metrics = Dictionary(uniqueKeysWithValues: measured.scores.map { ($0.metric.rawValue, $0.value) })
    evaluationExamples = measured.evaluationExamples
    secondsPerStep = measured.secondsPerStep
    times = measured.times
    firstLoss = measured.firstLoss
    lastLoss = measured.lastLoss
  }

  /// Decides from what was recorded; what could not be measured does not pass.
  fileprivate mutating func judge(plan: Plan, baseline: Verifier.Baseline) {
    checks = [fitCheck(plan), predictionCheck, residentCheck, metricCheck(baseline)]
    fits = checks[0].result == .passed
    passed = checks.allSatisfy { $0.result == .passed || $0.result == .skipped }
  }

  private func fitCheck(_ plan: Plan) -> Check {
    let budget = ByteCount.format(budgetBytes)
    if let stoppedBecause {
      return Check(name: "fits", result: .failed, detail: "did not fit in \(budget): \(stoppedBecause)")
    }
    guard let residentPeakBytes else {
      return Check(name: "fits", result: .notMeasured, detail: "the system does not tell the resident peak")
    }
    let allowed = budgetBytes + (plan.mappedFree ? plan.mappedBytes : 0)
    return Check(
      name: "fits", result: residentPeakBytes <= allowed ? .passed : .failed,
      detail: "resident peak \(ByteCount.format(residentPeakBytes)) of \(ByteCount.format(allowed)), held by "
        + (limitEnforcedBy ?? "nothing"))
  }

  private var predictionCheck: Check {
    guard let measuredPeakBytes else {
      return Check(name: "prediction", result: .notMeasured, detail: "the run did not reach its end")
    }
    let isEqual = measuredPeakBytes == predictedPeakBytes
    return Check(
      name: "prediction", result: isEqual ? .passed : .failed,
      detail: "predicted \(ByteCount.formatExactly(predictedPeakBytes)), measured "
        + (isEqual ? "the same" : ByteCount.formatExactly(measuredPeakBytes)))
  }

  private var residentCheck: Check {
    guard let residentPeakBytes, let baselineResidentBytes else {
      return Check(name: "resident", result: .notMeasured, detail: "the run did not reach its end")
    }
    let growth = residentPeakBytes - baselineResidentBytes
    let excess = Double(growth - predictedPeakBytes) / Double(max(predictedPeakBytes, 1))
    let isWithin =
      excess <= Verifier.residentTolerance || growth - predictedPeakBytes <= Verifier.residentSlackBytes
    var detail =
      "grew by \(ByteCount.format(growth)) beside the runtime's \(ByteCount.format(baselineResidentBytes)), "
      + "\(Quantity.fixed(excess * 100, decimals: 2)) % from the prediction"
    if excess < 0, let untouchedBytes, untouchedBytes > 0 {
      detail += "; \(ByteCount.format(untouchedBytes)) were never touched"
      if let first = untouched.first { detail += ", most in \(first.name)" }
    }
    return Check(
      name: "resident", result: isWithin ? .passed : .failed, detail: detail)
  }

  private func metricCheck(_ baseline: Verifier.Baseline) -> Check {
    guard task != nil else {
      return Check(name: "metric", result: .skipped, detail: "no data: memory only")
    }
    guard let metric, let metricName else {
      return Check(name: "metric", result: .notMeasured, detail: "the run did not reach its end")
    }
    let value = "\(metricName) \(Quantity.fixed(metric, decimals: 4))"
    guard let baselineMetric else {
      return baseline == .none
        ? Check(name: "metric", result: .skipped, detail: "\(value); no baseline was asked for")
        : Check(name: "metric", result: .notMeasured, detail: "\(value); full fine-tuning gave no figure")
    }
    return Check(
      name: "metric", result: metric >= baselineMetric - metricTolerance ? .passed : .failed,
      detail: "\(value); full fine-tuning \(Quantity.fixed(baselineMetric, decimals: 4)), may lose "
        + Quantity.fixed(metricTolerance, decimals: 4))
  }
}
