/// A measure of how well predictions agree with the truth; higher is better for all of them.
public enum Metric: String, CaseIterable, Codable, Sendable {
  case accuracy
  case f1
  case macroF1 = "macro-f1"
  case matthews
  case pearson
  case spearman
  /// The mean of both correlations, GLUE's figure for STS-B.
  case pearsonSpearman = "pearson-spearman"

  /// Whether the measure compares classes; the others compare numbers.
  public var comparesClasses: Bool {
    switch self {
    case .accuracy, .f1, .macroF1, .matthews: true
    case .pearson, .spearman, .pearsonSpearman: false
    }
  }

  /// The measure of predicted against true classes; nil if it compares numbers.
  public func value(predicted: [Int], actual: [Int]) -> Double? {
    switch self {
    case .accuracy: Metrics.accuracy(predicted, actual)
    case .f1: Metrics.f1(predicted, actual)
    case .macroF1: Metrics.macroF1(predicted, actual)
    case .matthews: Metrics.matthewsCorrelation(predicted, actual)
    case .pearson, .spearman, .pearsonSpearman: nil
    }
  }

  /// The measure of predicted against true numbers; nil if it compares classes.
  public func value(predicted: [Double], actual: [Double]) -> Double? {
    switch self {
    case .accuracy, .f1, .macroF1, .matthews: nil
    case .pearson: Metrics.pearsonCorrelation(predicted, actual)
    case .spearman: Metrics.spearmanCorrelation(predicted, actual)
    case .pearsonSpearman:
      (Metrics.pearsonCorrelation(predicted, actual) + Metrics.spearmanCorrelation(predicted, actual)) / 2
    }
  }
}

/// A metric's figure on some examples.
public struct Score: Equatable, Codable, Sendable {
  public let metric: Metric
  public let value: Double

  public init(metric: Metric, value: Double) {
    (self.metric, self.value) = (metric, value)
  }
}

extension TaskDefinition {
  /// The task's metrics for predicted classes, the headline first.
  public func scores(predicted: [Int], actual: [Int]) -> [Score] {
    metrics.compactMap { metric in
      metric.value(predicted: predicted, actual: actual).map { Score(metric: metric, value: $0) }
    }
  }

  /// The task's metrics for predicted numbers, the headline first.
  public func scores(predicted: [Double], actual: [Double]) -> [Score] {
    metrics.compactMap { metric in
      metric.value(predicted: predicted, actual: actual).map { Score(metric: metric, value: $0) }
    }
  }
}
