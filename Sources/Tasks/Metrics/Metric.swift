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

  /// F1 over all labels together, of examples with any number of labels.
  case microF1 = "micro-f1"
  /// The share of examples whose answer, or whose set of labels, is right as a whole.
  case exactMatch = "exact-match"
  /// The mean over questions of the F1 of an answer's words (SQuAD).
  case answerF1 = "answer-f1"
  /// `answerF1` and `exactMatch` at the best threshold below which a question counts as unanswerable (SQuAD 2.0).
  case bestAnswerF1 = "best-answer-f1"
  case bestExactMatch = "best-exact-match"

  /// The measure of predicted against true classes; nil if it compares something else.
  public func value(predicted: [Int], actual: [Int]) -> Double? {
    switch self {
    case .accuracy: Metrics.accuracy(predicted, actual)
    case .f1: Metrics.f1(predicted, actual)
    case .macroF1: Metrics.macroF1(predicted, actual)
    case .matthews: Metrics.matthewsCorrelation(predicted, actual)
    default: nil
    }
  }

  /// The measure of predicted against true numbers; nil if it compares something else.
  public func value(predicted: [Double], actual: [Double]) -> Double? {
    switch self {
    case .pearson: Metrics.pearsonCorrelation(predicted, actual)
    case .spearman: Metrics.spearmanCorrelation(predicted, actual)
    case .pearsonSpearman:
      (Metrics.pearsonCorrelation(predicted, actual) + Metrics.spearmanCorrelation(predicted, actual)) / 2
    default: nil
    }
  }

  /// The measure of predicted against true sets of labels; nil if it compares something else.
  public func value(_ tally: MultiLabelTally) -> Double? {
    switch self {
    case .microF1: tally.microF1
    case .macroF1: tally.macroF1
    case .exactMatch: tally.exactMatch
    default: nil
    }
  }

  /// The measure of answers; nil if it compares something else, or if every question has an answer and the measure
  /// is about those that have none.
  public func value(_ tally: AnswerTally) -> Double? {
    switch self {
    case .answerF1: tally.f1
    case .exactMatch: tally.exactMatch
    case .bestAnswerF1: tally.best(\.f1)
    case .bestExactMatch: tally.best(\.exact)
    default: nil
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
  /// The task's metrics that `measure` has a figure for, the headline first.
  public func scores(_ measure: (Metric) -> Double?) -> [Score] {
    metrics.compactMap { metric in measure(metric).map { Score(metric: metric, value: $0) } }
  }
}
