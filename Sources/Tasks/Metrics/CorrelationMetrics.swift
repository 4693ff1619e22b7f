extension Metrics {
  /// Pearson's correlation, −1 to 1: Σ(x−x̄)(y−ȳ) / √(Σ(x−x̄)² Σ(y−ȳ)²), computed around the means.
  ///
  /// - 0 when either side is constant, or there are fewer than two examples: no linear relation was seen.
  /// - NaN when any value is not finite, so that a diverged model never wins a comparison.
  public static func pearsonCorrelation(_ predicted: [Double], _ actual: [Double]) -> Double {
    requireSameLength(predicted, actual)
    guard predicted.allSatisfy(\.isFinite), actual.allSatisfy(\.isFinite) else { return .nan }
    // A constant's mean may be rounded, and then its deviations are not quite zero.
    guard isVaried(predicted), isVaried(actual) else { return 0 }
    let x = scaledDeviations(predicted)
    let y = scaledDeviations(actual)
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    return min(1, max(-1, dot(x, y) / (dot(x, x) * dot(y, y)).squareRoot()))
  }

  /// Spearman's rank correlation, −1 to 1: Pearson's of the ranks, equal values sharing their mean rank.
  ///
  /// Constant and non-finite values as in `pearsonCorrelation`.
  public static func spearmanCorrelation(_ predicted: [Double], _ actual: [Double]) -> Double {
    requireSameLength(predicted, actual)
    guard predicted.allSatisfy(\.isFinite), actual.allSatisfy(\.isFinite) else { return .nan }
    return pearsonCorrelation(ranks(predicted), ranks(actual))
  }

  /// Ranks from 1; values that are equal share the mean of their ranks.
  ///
  /// - Complexity: O(n log n).
  static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = Array(repeating: 0.0, count: values.count)
    var start = 0
    while start < order.count {
      let end = order[start...].firstIndex { values[$0] != values[order[start]] } ?? order.count
      for index in order[start..<end] { ranks[index] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }

  private static func isVaried(_ values: [Double]) -> Bool {
    values.contains { $0 != values.first }
  }

  /// Deviations from the mean, scaled to at most 1, lest squares of large ones overflow or of small ones vanish.
  private static func scaledDeviations(_ values: [Double]) -> [Double] {
    func centered(_ values: [Double]) -> [Double] {
      let mean = values.reduce(0) { $0 + $1 / Double(values.count) }
      return values.map { $0 - mean }
    }
    let deviations = centered(centered(values))  // Twice, because the first mean was rounded.
    let largest = deviations.reduce(0) { max($0, abs($1)) }
    return deviations.map { $0 / largest }
  }
}
