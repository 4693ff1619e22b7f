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
  func rule(_ optimizer: Optimizer, step: Int, decays: Bool) -> Rule {
    let decay = decays ? weightDecay : 0
    return switch optimizer {
    case .adamw, .adamw8bit:
      .elementwise(.adamW(learningRate: learningRate, weightDecay: decay, step: step))
    case .lion: .elementwise(.lion(learningRate: learningRate, weightDecay: decay))
    case .sgd: .elementwise(.sgd(learningRate: learningRate, weightDecay: decay))
    case .sgdMomentum: .elementwise(.momentum(learningRate: learningRate, weightDecay: decay))
    case .adafactor: .factored(AdafactorRule(learningRate: learningRate, weightDecay: decay, step: step))
    }
  }
}

/// How a step moves parameters.
enum Rule {
  /// Each by its own gradient and state.
  case elementwise(UpdateRule)
  /// Each by the state of its row and its column (Adafactor).
  case factored(AdafactorRule)
}

/// What changes from one run of the kernels to the next.
struct RunState {
  /// Tokens and sequences of the micro-batch at hand; at most what the step was sized for.
  var tokens = 0
  var sequences = 0
  /// Tokens and sequences of the whole batch, over which gradients add up and losses are a mean.
  var batchTokens = 0
  var batchSequences = 0
  /// The micro-batch's first token in the batch.
  var firstToken = 0
  var isFirstMicroBatch = true

  /// Counts micro-batches over the whole run: every one draws masks of its own.
  var maskStep: UInt64 = 1
  var seed: UInt64 = 0
  var isTraining = true
  var decaying = Rule.elementwise(.sgd(learningRate: 0))
  var plain = Rule.elementwise(.sgd(learningRate: 0))
  /// Of the batch so far.
  var loss = 0.0
  /// Of all gradients, where the norm is clipped.
  var squaredNorm = 0.0
  var maximumNorm: Double?

  /// What clipping multiplies every gradient by: max / (norm + 10⁻⁶), but not more than 1, as PyTorch's `clip_grad_norm_`.
  var gradientScale: Float {
    guard let maximumNorm else { return 1 }
    return Float(min(1, maximumNorm / (squaredNorm.squareRoot() + 1e-6)))
  }

  func rows(_ buffer: Buffer) -> Int {
    switch buffer.rowKind {
    case .tokens: tokens
    case .batchTokens: batchTokens
    case .sequences: sequences
    case .fixed, .nodes: buffer.rows
    }
  }
}
