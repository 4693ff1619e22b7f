/// Everything beside the trainable set that decides a step's kernels and sizes.
public struct Recipe: Hashable, Sendable, Codable {
  /// B, sequences in the batch of one optimizer step.
  public var batch: Int
  /// S, the longest sequence; buffers are sized for it, shorter batches use less of them.
  public var sequence: Int
  /// Micro-batches that a batch is cut into; the gradients of more than one add up before the update.
  public var accumulation: Int
  public var optimizer: Optimizer
  /// The gradient's global norm is cut to this; nil leaves it alone, and lets every update happen in backward.
  public var maximumGradientNorm: Double?
  /// Worker threads, each with its own workspace.
  public var threads: Int
  /// What forward keeps, by layer.
  public var saving: Saving
  /// How frozen matrices and tables are held.
  public var frozenWeights: WeightFormat

  public init(
    batch: Int, sequence: Int, accumulation: Int = 1, optimizer: Optimizer = .adamw,
    maximumGradientNorm: Double? = nil, threads: Int = 1, saving: Saving = .keep,
    frozenWeights: WeightFormat = .float32
  ) {
    self.batch = batch
    self.sequence = sequence
    self.accumulation = accumulation
    self.optimizer = optimizer
    self.maximumGradientNorm = maximumGradientNorm
    self.threads = threads
    self.saving = saving
    self.frozenWeights = frozenWeights
  }

  /// Sequences that forward and backward take at once.
  public var microBatch: Int { (batch + accumulation - 1) / accumulation }

  /// Runs of forward and backward in one step; fewer than `accumulation` where fewer of that size make the batch.
  public var microBatches: Int { (batch + microBatch - 1) / microBatch }

  /// T, the most tokens that forward and backward take at once.
  public var tokens: Int { microBatch * sequence }

  /// The most tokens of a whole batch.
  public var batchTokens: Int { batch * sequence }

  /// Whether gradients outlive backward: they add up over micro-batches, or wait for the norm of all of them.
  public var defersUpdates: Bool { accumulation > 1 || maximumGradientNorm != nil }
}
