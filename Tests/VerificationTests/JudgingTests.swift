import Testing
import TrainerModels
import Training
import Units

@testable import Verification

@Suite("judging")
struct JudgingTests {
  /// A report of a run that had 100 MiB before and was predicted to grow by 50 MiB, 40 of them the peak.
  private func report(
    _ trainer: TrainerModel = .pytorch, measured: Int? = 40 << 20, resident: Int = 150 << 20,
    budget: Int = 160 << 20,
    slack: Int = 0, stopped: String? = nil
  ) -> VerificationReport {
    let prediction = Prediction(
      peakBytes: 40 << 20, allocatorBytes: 10 << 20, peakTolerance: trainer == .permafrost ? 0 : 0.001,
      peakSlackBytes: slack,
      residentSlackBytes: trainer == .permafrost ? 5 << 20 : 0)
    var report = VerificationReport(
      model: "m", planObjective: 1, trainer: trainer, passed: false, fits: false, budgetBytes: budget,
      predictedPeakBytes: prediction.peakBytes, metricTolerance: 0, steps: 1)
    if let stopped {
      report.stoppedBecause = stopped
    } else {
      report.record(
        Measurement(
          trainerVersion: "x", baselineResidentBytes: 100 << 20, residentPeakBytes: resident,
          peakBytes: measured,
          scores: [], evaluationExamples: 0),
        prediction)
    }
    report.judge(allowedBytes: budget, prediction, baseline: .none, unlearned: 0)
    return report
  }

  private func failing(_ report: VerificationReport) -> [String] {
    report.checks.filter { $0.result == .failed }.map(\.name)
  }

  @Test("a run within budget and prediction passes, and says what was predicted of the whole process")
  func passing() {
    let report = report()
    #expect(report.passed && report.fits && failing(report).isEmpty)
    #expect(report.predictedResidentBytes == 150 << 20 && report.residentPeakBytes == 150 << 20)
  }

  @Test("the peak may differ by the trainer's tolerance, and by nothing for the engine")
  func peaks() {
    let slight = (40 << 20) + 40_000
    #expect(failing(report(measured: slight)).isEmpty && failing(report(measured: (80 << 20) - slight)).isEmpty)
    #expect(failing(report(measured: slight + 3000)) == ["prediction"])
    #expect(failing(report(measured: slight + 3000, slack: 43_000)).isEmpty)
    #expect(failing(report(measured: slight + 3001, slack: 43_000)) == ["prediction"])
    #expect(failing(report(.permafrost, measured: slight)) == ["prediction"])
    #expect(failing(report(.permafrost)).isEmpty)
    let uncounted = report(measured: nil)
    #expect(uncounted.checks[1].result == .notMeasured && !uncounted.passed && uncounted.fits)
  }

  @Test("growing further than tolerated fails, growing less does not, and beyond the budget it does not fit")
  func residents() {
    #expect(failing(report(.permafrost, resident: 155 << 20)).isEmpty)
    #expect(failing(report(.permafrost, resident: (155 << 20) + 1)) == ["resident"])
    // As much as plans for PyTorch leave free: a tenth.
    #expect(failing(report(resident: 165 << 20, budget: 200 << 20)).isEmpty)
    #expect(failing(report(resident: (165 << 20) + 1, budget: 200 << 20)) == ["resident"])
    #expect(failing(report(resident: 110 << 20)).isEmpty)
    #expect(failing(report(resident: 151 << 20, budget: 150 << 20)) == ["fits"])
  }

  @Test("a run that the limit stopped does not fit, and nothing of it passes")
  func stopping() {
    let report = report(stopped: "the kernel refused a reservation, while reading weights")
    #expect(!report.passed && !report.fits && failing(report) == ["fits"])
    #expect(report.checks[0].detail.hasSuffix("while reading weights"))
    #expect(
      report.checks[1...2].allSatisfy { $0.result == .notMeasured } && report.checks[3].result == .skipped)
  }

  @Test(
    "a metric is compared with full fine-tuning's, unless that learned nothing: not more than the same answer for all examples gets",
    arguments: [
      (0.80, 0.81, 0, VerificationReport.Check.Result.passed), (0.795, 0.81, 0.6, .passed),
      (0.78, 0.81, 0, .failed), (0.9, 0.81, 0.8, .passed), (0.6, 0.6, 0.6, .notMeasured),
      (0.7, 0.5, 0.6, .notMeasured),
      (0, 0, 0, .notMeasured), (0.1, 0, 0, .notMeasured), (0.1, -0.2, 0, .notMeasured),
      (0.1, nil, 0, .notMeasured),
    ] as [(Double, Double?, Double, VerificationReport.Check.Result)])
  func metrics(metric: Double, baseline: Double?, unlearned: Double, result: VerificationReport.Check.Result) {
    var report = report(.permafrost)
    report.task = "sst2"
    report.metricTolerance = 0.02
    (report.metricName, report.metric, report.baselineMetric) = ("matthews", metric, baseline)
    let prediction = Prediction(peakBytes: 40 << 20, allocatorBytes: 10 << 20, peakTolerance: 0)
    report.judge(allowedBytes: 160 << 20, prediction, baseline: .measure, unlearned: unlearned)
    #expect(report.checks[3].result == result)
    #expect(report.passed == (result == .passed))
  }
}
