extension Sweep.Series {
  /// Whether its points say how long a step takes: profiles measure the engine's kernels, not another trainer's.
  public var isTimed: Bool { device != nil && trainer == .permafrost }
}

extension Sweep {
  /// The first value of a point that cannot be, or nil.
  var brokenValue: String? {
    points.lazy.compactMap { point -> String? in
      // Which series a point is of is another rule's business.
      guard series.indices.contains(point.series), let rule = point.brokenRule(in: series[point.series])
      else { return nil }
      return "points: number \(point.number): \(rule); make the sweep again"
    }.first
  }
}

extension SweepPoint {
  fileprivate func brokenRule(in series: Sweep.Series) -> String? {
    if let least = smallestFeasibleBudgetBytes, !(0...Plan.mostBytes).contains(least) {
      return "smallest_feasible_budget_bytes: \(least) is not within 0...\(Plan.mostBytes)"
    }
    return plan?.brokenRule(within: budgetBytes, isTimed: series.isTimed)
  }
}

extension SweepPoint.Summary {
  /// - Parameter budget: what the plan has to fit.
  fileprivate func brokenRule(within budget: Int, isTimed: Bool) -> String? {
    let counts = [
      ("peak_bytes", peakBytes, budget), ("arena_bytes", arenaBytes, Plan.mostBytes),
      ("mapped_bytes", mappedBytes, Plan.mostBytes),
      // The arena holds every parameter that trains.
      ("trainable_parameters", trainableParameters, arenaBytes),
    ]
    if let (name, count, most) = counts.first(where: { $0.1 < 0 || $0.1 > $0.2 }) {
      return "\(name): \(count) is not within 0...\(most)"
    }
    // Sums of shares may be a rounding away from the whole.
    let most = 1 + 1e-9
    if !(0...most).contains(objective) { return "objective: \(objective) is not within 0...1" }
    if !(objective / most...most).contains(bound) { return "bound: \(bound) is not within \(objective)...1" }
    guard let seconds = estimatedStepSeconds else {
      return isTimed ? "estimated_step_seconds is missing, though there is a device" : nil
    }
    if !isTimed { return "estimated_step_seconds: \(seconds), where there is no device" }
    return seconds >= 0 && seconds.isFinite ? nil : "estimated_step_seconds: \(seconds) is no time"
  }
}
