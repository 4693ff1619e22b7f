import Units

extension VerificationReport {
  mutating func record(_ measured: Measurement, _ prediction: Prediction) {
    trainerVersion = measured.trainerVersion
    measuredPeakBytes = measured.peakBytes
    predictedResidentBytes = measured.baselineResidentBytes + prediction.growthBytes
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
  ///
  /// - Parameters:
  ///   - allowedBytes: what the process may have resident.
  ///   - unlearned: the metric of a model that has learned nothing.
  mutating func judge(
    allowedBytes: Int, _ prediction: Prediction, baseline: Verifier.Baseline, unlearned: Double
  ) {
    checks = [
      fitCheck(allowedBytes), predictionCheck(prediction), residentCheck(prediction),
      metricCheck(baseline, unlearned),
    ]
    fits = checks[0].result == .passed
    passed = checks.allSatisfy { $0.result == .passed || $0.result == .skipped }
  }

  private func fitCheck(_ allowed: Int) -> Check {
    let budget = ByteCount.format(budgetBytes)
    if let stoppedBecause {
      return Check(name: "fits", result: .failed, detail: "did not fit in \(budget): \(stoppedBecause)")
    }
    guard let residentPeakBytes else {
      return Check(name: "fits", result: .notMeasured, detail: "the system does not tell the resident peak")
    }
    return Check(
      name: "fits", result: residentPeakBytes <= allowed ? .passed : .failed,
      detail: "resident peak \(ByteCount.format(residentPeakBytes)) of \(ByteCount.format(allowed))"
        + (allowed > budgetBytes
          ? " (the budget of \(budget), and mapped weights that cost nothing)" : "")
        + ", held by " + (limitEnforcedBy ?? "nothing"))
  }

  private func predictionCheck(_ prediction: Prediction) -> Check {
    guard let measuredPeakBytes else {
      return Check(
        name: "prediction", result: .notMeasured,
        detail: residentPeakBytes == nil
          ? "the run did not reach its end" : "the trainer could not count its tensors' bytes")
    }
    let isEqual = measuredPeakBytes == predictedPeakBytes
    let difference = abs(measuredPeakBytes - predictedPeakBytes)
    let isWithin =
      Double(difference) <= prediction.peakTolerance * Double(predictedPeakBytes)
      || difference <= prediction.peakSlackBytes
    return Check(
      name: "prediction", result: isWithin ? .passed : .failed,
      detail: "predicted \(ByteCount.formatExactly(predictedPeakBytes))"
        + (trainer == .permafrost ? ", measured " : " of tensors alive, measured ")
        + (isEqual ? "the same" : ByteCount.formatExactly(measuredPeakBytes)))
  }

  private func residentCheck(_ prediction: Prediction) -> Check {
    guard let residentPeakBytes, let baselineResidentBytes, let predictedResidentBytes else {
      return Check(name: "resident", result: .notMeasured, detail: "the run did not reach its end")
    }
    let growth = residentPeakBytes - baselineResidentBytes
    let excessBytes = growth - prediction.growthBytes
    let excess = Double(excessBytes) / Double(max(prediction.growthBytes, 1))
    // What plans for the trainer leave free of their budget.
    let margin = trainer.budget(for: predictedResidentBytes) - predictedResidentBytes
    let isWithin =
      excess <= prediction.residentTolerance || excessBytes <= max(margin, prediction.residentSlackBytes)
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

  private func metricCheck(_ baseline: Verifier.Baseline, _ unlearned: Double) -> Check {
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
    // Whatever the plan reached, it was compared with no learning at all.
    guard baselineMetric > unlearned else {
      return Check(
        name: "metric", result: .notMeasured,
        detail:
          "\(value); full fine-tuning \(Quantity.fixed(baselineMetric, decimals: 4)), no more than "
          + "\(Quantity.fixed(unlearned, decimals: 4)) without learning, so there is nothing to compare with; train longer"
      )
    }
    return Check(
      name: "metric", result: metric >= baselineMetric - metricTolerance ? .passed : .failed,
      detail: "\(value); full fine-tuning \(Quantity.fixed(baselineMetric, decimals: 4)), may lose "
        + Quantity.fixed(metricTolerance, decimals: 4))
  }
}
