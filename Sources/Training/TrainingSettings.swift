/// How a run trains: what beside plan, model and data decides its losses, and what it reports on the way.
public struct TrainingSettings: Sendable, Codable, Equatable {
  /// Which of a run's weights are kept at its end.
  public enum Keeping: String, Sendable, Codable, CaseIterable {
    /// Those of the last step.
    case last
    /// Those of the evaluation with the best headline metric, the first of equals.
    case best
  }

  /// Optimizer steps.
  public var steps: Int
  /// The largest rate.
  public var learningRate: Double
  public var schedule: LearningRateSchedule
  /// Share of the steps over which the learning rate rises from zero, from 0 to 1.
  public var warmup: Double
  public var weightDecay: Double
  /// Of the order of examples, the dropout masks and fresh tensors.
  public var seed: UInt64
  /// Steps between evaluations; 0 evaluates at the end only.
  public var evaluateEvery: Int
  public var keeping: Keeping

  public init(
    steps: Int, learningRate: Double, schedule: LearningRateSchedule = .linear, warmup: Double = 0.1,
    weightDecay: Double = 0.01, seed: UInt64 = 0, evaluateEvery: Int = 0, keeping: Keeping = .last
  ) {
    self.steps = steps
    self.learningRate = learningRate
    self.schedule = schedule
    self.warmup = warmup
    self.weightDecay = weightDecay
    self.seed = seed
    self.evaluateEvery = evaluateEvery
    self.keeping = keeping
  }

  /// - Parameter step: counted from 1.
  public func learningRate(at step: Int) -> Double {
    let warmupSteps = LearningRateSchedule.warmupSteps(of: steps, share: warmup)
    return learningRate * schedule.factor(at: step, of: steps, warmup: warmupSteps)
  }
}
