import Foundation
import Testing

@testable import Tasks

@Suite("Metrics")
struct MetricsTests {
  struct Cases: Decodable {
    struct Classes: Decodable {
      let predicted: [Int]
      let actual: [Int]
      let values: [String: Double]
    }
    struct Numbers: Decodable {
      let predicted: [Double]
      let actual: [Double]
      let values: [String: Double]
    }
    struct Labels: Decodable {
      let count: Int
      let predicted: [[Int]]
      let actual: [[Int]]
      let values: [String: Double]
    }
    let classes: [Classes]
    let numbers: [Numbers]
    let labels: [Labels]
  }

  @Test("values are scikit-learn's and SciPy's; see Scripts/make-metric-fixtures.py")
  func references() throws {
    let cases = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: fixture("metrics.json")))
    #expect(cases.classes.count >= 11 && cases.numbers.count >= 7)
    for one in cases.classes {
      for (name, expected) in one.values {
        let metric = try #require(Metric(rawValue: name))
        let value = try #require(metric.value(predicted: one.predicted, actual: one.actual))
        #expect(abs(value - expected) < 1e-12, "\(name) of \(one.predicted) against \(one.actual)")
      }
    }
    for one in cases.numbers {
      for (name, expected) in one.values {
        let metric = try #require(Metric(rawValue: name))
        let value = try #require(metric.value(predicted: one.predicted, actual: one.actual))
        #expect(abs(value - expected) < 1e-10, "\(name) of \(one.predicted) against \(one.actual)")
      }
    }
  }

  @Test("values of examples with any number of labels are scikit-learn's")
  func labelReferences() throws {
    let cases = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: fixture("metrics.json")))
    #expect(cases.labels.count >= 6)
    for one in cases.labels {
      var tally = MultiLabelTally(labelCount: one.count)
      for (predicted, actual) in zip(one.predicted, one.actual) {
        tally.add(predicted: predicted, actual: actual)
      }
      #expect(one.values.count == 3)
      for (name, expected) in one.values {
        let value = try #require(Metric(rawValue: name).flatMap { $0.value(tally) })
        #expect(abs(value - expected) < 1e-12, "\(name) of \(one.predicted) against \(one.actual)")
      }
    }
  }

  @Test("equal values share their mean rank")
  func ranks() {
    #expect(Metrics.ranks([3, 1, 3, 2, 3]) == [4, 1, 4, 2, 4])
    #expect(Metrics.ranks([5, 5]) == [1.5, 1.5])
    #expect(Metrics.ranks([]) == [])
  }

  @Test("a constant has no correlation, and neither has one example")
  func constants() {
    #expect(Metrics.pearsonCorrelation([0.1, 0.1, 0.1], [1, 2, 3]) == 0)
    #expect(Metrics.spearmanCorrelation([1, 2, 3], [0.1, 0.1, 0.1]) == 0)
    #expect(Metrics.pearsonCorrelation([1], [2]) == 0)
    #expect(Metrics.matthewsCorrelation([1, 1], [0, 1]) == 0)
    #expect(Metrics.pearsonCorrelation([1, 1.0.nextUp], [1, 2]) == 1)
  }

  @Test("correlations stay within −1 and 1, whatever the scale")
  func scales() {
    for scale in [1e-300, 1e-160, 1, 1e160, 1e300] {
      let values = [0.1, 0.2, 0.7].map { $0 * scale }
      #expect(abs(Metrics.pearsonCorrelation(values, [1, 2, 7]) - 1) < 1e-12, "scale \(scale)")
      #expect(abs(Metrics.pearsonCorrelation(values, [-1, -2, -7]) + 1) < 1e-12, "scale \(scale)")
      #expect(Metrics.pearsonCorrelation(values, values) <= 1, "scale \(scale)")
    }
  }

  @Test("predictions that are not finite have no correlation to compare")
  func notFinite() {
    for value in [Double.nan, .infinity] {
      #expect(Metrics.pearsonCorrelation([1, value], [1, 2]).isNaN)
      #expect(Metrics.spearmanCorrelation([1, value], [1, 2]).isNaN)
    }
  }

  @Test("no examples score 0")
  func nothing() {
    for metric in Metric.allCases {
      let values = [
        metric.value(predicted: [Int](), actual: []), metric.value(predicted: [Double](), actual: []),
        metric.value(MultiLabelTally(labelCount: 3)), metric.value(AnswerTally(mayBeMissing: true)),
      ].compactMap { $0 }
      #expect(!values.isEmpty && values.allSatisfy { $0 == 0 }, "\(metric)")
    }
  }

  @Test("tasks report GLUE's metrics, the headline first")
  func tasks() {
    #expect(
      TaskDefinition.cola.scores { $0.value(predicted: [1, 0], actual: [1, 0]) }.map(\.metric) == [
        .matthews, .accuracy,
      ])
    #expect(TaskDefinition.sst2.headline == .accuracy)
    #expect(TaskDefinition.mrpc.metrics == [.accuracy, .f1])
    let scores = TaskDefinition.stsb.scores { $0.value(predicted: [1.0, 2], actual: [3.0, 5]) }
    #expect(scores.map(\.value) == [1, 1, 1])
    #expect(TaskDefinition.stsb.headline == .pearsonSpearman)
    #expect(TaskDefinition.classification().metrics == [.accuracy, .macroF1])
    #expect(TaskDefinition.regression().headline == .pearson)
    #expect(TaskDefinition.multiLabel().metrics == [.microF1, .macroF1, .exactMatch])
    #expect(TaskDefinition.squad.metrics.prefix(2) == [.answerF1, .exactMatch])
  }
}
