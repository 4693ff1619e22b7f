import Kernels
import Steps

/// How the optimizer moves in one step.
public struct UpdateSettings: Sendable {
  public var learningRate: Double
  /// Applied to matrices and tables, not to biases and LayerNorms, as Hugging Face's Trainer does.
  public var weightDecay: Double

  public init(learningRate: Double, weightDecay: Double = 0.01) {
    self.learningRate = learningRate
    self.weightDecay = weightDecay
  }

  /// - Parameter step: counted from 1.
  func rule(_ optimizer: Optimizer, step: Int, decays: Bool) -> UpdateRule {
    let decay = decays ? weightDecay : 0
    return switch optimizer {
    case .adamw: .adamW(learningRate: learningRate, weightDecay: decay, step: step)
    case .sgd: .sgd(learningRate: learningRate, weightDecay: decay)
    case .sgdMomentum: .momentum(learningRate: learningRate, weightDecay: decay)
    }
  }
}

/// What changes from one run of the kernels to the next.
struct RunState {
  /// Tokens and sequences of the batch at hand; at most what the step was sized for.
  var tokens = 0
  var sequences = 0

  var step = 1
  var seed: UInt64 = 0
  var isTraining = true
  var decaying = UpdateRule.sgd(learningRate: 0)
  var plain = UpdateRule.sgd(learningRate: 0)
  var loss = 0.0

  func rows(_ buffer: Buffer) -> Int {
    switch buffer.rowKind {
    case .tokens: tokens
    case .sequences: sequences
    case .fixed, .nodes: buffer.rows
    }
  }
}
