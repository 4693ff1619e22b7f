import Tasks

/// The scores of a run's weights at one step.
public struct Evaluation: Sendable, Codable, Equatable {
  /// Steps taken.
  public var step: Int
  /// Of that step's batch, before its update.
  public var loss: Double
  /// On the evaluation examples, the task's headline metric first.
  public var scores: [Score]

  public init(step: Int, loss: Double, scores: [Score]) {
    self.step = step
    self.loss = loss
    self.scores = scores
  }
}

/// What a run has come to so far.
struct RunHistory {
  /// Steps taken.
  private(set) var step = 0
  private(set) var examples = 0
  private(set) var tokens = 0
  private(set) var evaluations: [Evaluation] = []
  /// One loss a step; reserved and touched for all steps at once, so that a run's memory does not grow with it.
  private var storage: [Double]

  init(steps: Int) { storage = [Double](repeating: 0, count: steps) }

  var losses: ArraySlice<Double> { storage[..<step] }

  mutating func append(loss: Double, examples: Int, tokens: Int) {
    storage[step] = loss
    step += 1
    self.examples += examples
    self.tokens += tokens
  }

  /// Takes down the scores of the weights as they are.
  mutating func append(scores: [Score]) {
    evaluations.append(Evaluation(step: step, loss: losses.last ?? 0, scores: scores))
  }

  /// The evaluation with the highest headline metric, the first of equals.
  var best: Evaluation? {
    evaluations.reduce(nil) { best, next in
      guard let score = next.scores.first?.value else { return best }
      guard let highest = best?.scores.first?.value else { return next }
      return score > highest ? next : best
    }
  }

  /// What a checkpoint says of a run beside its losses.
  struct Summary: Codable, Equatable {
    var step: Int
    var examples: Int
    var tokens: Int
    var evaluations: [Evaluation]
  }

  var summary: Summary {
    Summary(step: step, examples: examples, tokens: tokens, evaluations: evaluations)
  }

  /// Takes up where another run left off.
  ///
  /// - Parameter losses: fills the bytes of its losses, one F64 a step; there must be no more of them than steps reserved.
  mutating func restore(_ summary: Summary, losses: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    (step, examples, tokens) = (summary.step, summary.examples, summary.tokens)
    evaluations = summary.evaluations
    try storage.withUnsafeMutableBytes {
      try losses(UnsafeMutableRawBufferPointer(rebasing: $0[..<(step * MemoryLayout<Double>.stride)]))
    }
  }

  /// The bytes of the losses, one F64 a step.
  func withLossBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try storage.withUnsafeBytes {
      try body(UnsafeRawBufferPointer(rebasing: $0[..<(step * MemoryLayout<Double>.stride)]))
    }
  }
}
