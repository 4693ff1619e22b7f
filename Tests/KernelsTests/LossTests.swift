import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Losses")
struct LossTests {
  static func crossEntropy(_ logits: [Double], _ labels: [Int32], _ classes: Int, _ denominator: Int) -> Double
  {
    labels.enumerated().reduce(0) { sum, entry in
      let row = logits[entry.offset * classes..<(entry.offset + 1) * classes]
      return sum + log(row.reduce(0) { $0 + exp($1) }) - row[row.startIndex + Int(entry.element)]
    } / Double(denominator)
  }

  @Test(
    "cross entropy and its gradient agree with definition and slopes", arguments: [1, 2, 3, 7, 17], [1, 3, 33])
  func crossEntropy(classes: Int, examples: Int) throws {
    let context = try KernelContext(threads: 1)
    var random = SeededGenerator(seed: UInt64(classes * 100 + examples))
    let logits = random.floats(examples * classes, in: -5...5)
    let labels = random.ids(examples, below: classes)
    for denominator in [examples, 2 * examples + 1] {
      let function = { Self.crossEntropy($0, labels, classes, denominator) }
      let gradient = Buffer(logits)
      let loss = context.crossEntropy(
        examples: examples, classes: classes, logits: gradient.pointer, labels: labels,
        denominator: denominator,
        dlogits: gradient.pointer)
      let evaluated = context.crossEntropy(
        examples: examples, classes: classes, logits: logits, labels: labels, denominator: denominator,
        dlogits: nil)
      #expect(abs(loss - function(doubles(logits))) < 1e-12)
      #expect(loss == evaluated)
      expectClose(
        gradient.values, centralDifferences(at: doubles(logits), of: function), absolute: 1e-7,
        "\(classes) classes")
    }
  }

  @Test("cross entropy survives logits whose exponentials overflow")
  func largeLogits() throws {
    let gradient = Buffer(count: 2)
    let loss = try KernelContext(threads: 1)
      .crossEntropy(examples: 1, classes: 2, logits: [1000, -1000], labels: [1], dlogits: gradient.pointer)
    #expect(loss == 2000)
    #expect(gradient.values == [1, -1])
  }

  @Test("squared error and its gradient agree with definition and slopes", arguments: [1, 3, 33])
  func squaredError(examples: Int) throws {
    let context = try KernelContext(threads: 1)
    var random = SeededGenerator(seed: UInt64(examples))
    let predictions = random.floats(examples)
    let targets = random.floats(examples)
    let function = { (p: [Double]) in
      zip(p, targets).reduce(0) { $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1)) } / Double(examples)
    }
    let gradient = Buffer(predictions)
    let loss = context.squaredError(
      examples: examples, predictions: gradient.pointer, targets: targets, dpredictions: gradient.pointer)
    #expect(abs(loss - function(doubles(predictions))) < 1e-12)
    #expect(
      loss
        == context.squaredError(
          examples: examples, predictions: predictions, targets: targets, dpredictions: nil))
    expectClose(
      gradient.values, centralDifferences(at: doubles(predictions), of: function), "\(examples) examples")
  }

  @Test("the loss of no examples is 0")
  func empty() throws {
    let context = try KernelContext(threads: 1)
    #expect(context.crossEntropy(examples: 0, classes: 3, logits: [], labels: [], dlogits: nil) == 0)
    #expect(context.squaredError(examples: 0, predictions: [], targets: [], dpredictions: nil) == 0)
  }
}
