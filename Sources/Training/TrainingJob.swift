import Foundation
import Planning
import Tasks

/// Everything a training process needs to know, in one file: it neither tokenizes nor plans.
public struct TrainingJob: Sendable, Codable {
  /// What to do with the trained weights.
  public enum Purpose: Sendable, Codable, Equatable {
    /// Measure the process's own share, before arena and weights, and stop.
    case measureRuntime
    /// Measure and evaluate; keep nothing.
    case measure
    /// Score every tensor and node by how far it moved, and write the scores there.
    case prime(scores: String)
    /// Write a checkpoint there.
    case save(directory: String, overwriting: Bool)
  }

  public var purpose: Purpose
  public var plan: Plan
  /// A directory with `config.json` and F32 weights that can be mapped; nil where only the runtime is measured.
  public var modelDirectory: String?
  /// Prepared examples; nil runs on random tokens, which tells the memory and nothing else.
  public var trainingData: String?
  public var evaluationData: String?
  /// Where to write the logits of the evaluation examples, if anywhere.
  public var predictions: String?
  public var task: String?
  public var labels: [String]?
  public var steps: Int
  public var learningRate: Double
  public var weightDecay: Double
  /// Share of the steps over which the learning rate rises from zero.
  public var warmup: Double
  public var seed: UInt64
  /// Whether to begin with one step and one evaluation on the largest batch the plan allows, so that every planned byte is
  /// touched whatever lengths the data have.
  public var rehearses: Bool

  public init(
    purpose: Purpose, plan: Plan, modelDirectory: String?, trainingData: String?, evaluationData: String?,
    task: String?, labels: [String]? = nil, steps: Int, learningRate: Double, weightDecay: Double = 0.01,
    warmup: Double = 0.1, seed: UInt64 = 0, rehearses: Bool
  ) {
    self.purpose = purpose
    self.plan = plan
    self.modelDirectory = modelDirectory
    self.trainingData = trainingData
    self.evaluationData = evaluationData
    self.task = task
    self.labels = labels
    self.steps = steps
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    self.warmup = warmup
    self.seed = seed
    self.rehearses = rehearses
  }

  /// Linear warm-up from zero, then linear decay to zero, as transformers' `get_linear_schedule_with_warmup`.
  ///
  /// - Parameter step: counted from 1.
  public func learningRate(at step: Int) -> Double {
    let rise = (Double(steps) * warmup).rounded(.up)
    let done = Double(step - 1)
    if done < rise { return learningRate * (done + 1) / max(rise, 1) }
    return learningRate * max(0, Double(steps) - done) / max(1, Double(steps) - rise)
  }
}
