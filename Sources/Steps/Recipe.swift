/// How parameters are updated, and what that keeps between steps.
public enum Optimizer: String, Sendable, Codable, CaseIterable {
  /// AdamW (Loshchilov and Hutter, arXiv 1711.05101): two moments a parameter.
  case adamw
  /// Plain stochastic gradient descent: no state.
  case sgd
  /// SGD with momentum: one velocity a parameter.
  case sgdMomentum = "sgd-momentum"

  /// F32 values kept between steps for every trained parameter.
  public var statesPerParameter: Int {
    switch self {
    case .adamw: 2
    case .sgd: 0
    case .sgdMomentum: 1
    }
  }
}

/// What forward keeps of a layer for backward.
public enum SavingPolicy: String, Sendable, Codable, CaseIterable {
  /// Every tensor that backward reads.
  case keep
  /// All but what an elementwise pass brings back: LayerNorm outputs (from the normalised input) and
  /// feed-forward activations (from their input).
  case cheap
  /// Only the layer's input; the layer runs forward again before its backward (Chen et al., arXiv 1604.06174).
  case recompute
}

/// Everything beside the trainable set that decides a step's kernels and sizes.
public struct Recipe: Hashable, Sendable, Codable {
  /// B, sequences in a batch.
  public var batch: Int
  /// S, the longest sequence; buffers are sized for B·S tokens, shorter batches use less of them.
  public var sequence: Int
  public var optimizer: Optimizer
  /// Worker threads, each with its own workspace.
  public var threads: Int
  /// One policy for every layer.
  public var saving: SavingPolicy

  public init(
    batch: Int, sequence: Int, optimizer: Optimizer = .adamw, threads: Int = 1, saving: SavingPolicy = .keep
  ) {
    self.batch = batch
    self.sequence = sequence
    self.optimizer = optimizer
    self.threads = threads
    self.saving = saving
  }

  /// T = B·S, the most tokens a batch can hold.
  public var tokens: Int { batch * sequence }
}
