internal import CKernels

extension KernelContext {
  /// −Σ_b log softmax(logits[b])[labels[b]] / denominator, and its gradient, on the calling thread.
  ///
  /// - Shapes: logits, dlogits examples × classes; labels examples, each within 0 ..< classes.
  /// - Parameters:
  ///   - denominator: how many examples the mean is over; nil for `examples`. Under gradient accumulation, those of
  ///     all micro-batches.
  ///   - dlogits: nil for evaluation; may be `logits`.
  public func crossEntropy(
    examples: Int, classes: Int, logits: UnsafePointer<Float>, labels: UnsafePointer<Int32>,
    denominator: Int? = nil, dlogits: UnsafeMutablePointer<Float>?
  ) -> Double {
    pf_cross_entropy(examples, classes, logits, labels, Double(denominator ?? examples), dlogits)
  }

  /// Σ_b (predictions[b] − targets[b])² / denominator, and its gradient, on the calling thread.
  ///
  /// - Shapes: predictions, targets, dpredictions examples. `dpredictions` is nil for evaluation, and may be
  ///   `predictions`.
  public func squaredError(
    examples: Int, predictions: UnsafePointer<Float>, targets: UnsafePointer<Float>, denominator: Int? = nil,
    dpredictions: UnsafeMutablePointer<Float>?
  ) -> Double {
    pf_squared_error(examples, predictions, targets, Double(denominator ?? examples), dpredictions)
  }

  /// Σ_b mean over labels of log(1 + eˣ) − t·x, / denominator, and its gradient.
  ///
  /// - Shapes: logits, targets (0 or 1), dlogits examples × labels.
  public func binaryCrossEntropy(
    examples: Int, labels: Int, logits: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    denominator: Int? = nil, dlogits: UnsafeMutablePointer<Float>?
  ) -> Double {
    pf_binary_cross_entropy(examples, labels, logits, targets, Double(denominator ?? examples), dlogits)
  }

  /// Half the sum of the cross entropies of a span's first and last token, each over the tokens of its own sequence.
  ///
  /// - Shapes: logits, dlogits tokens × 2; offsets sequences + 1; labels sequences × 2, positions within their sequence.
  public func spanLoss(
    sequences: Int, offsets: UnsafePointer<Int32>, logits: UnsafePointer<Float>,
    labels: UnsafePointer<Int32>, denominator: Int? = nil, dlogits: UnsafeMutablePointer<Float>?
  ) -> Double {
    pf_span_loss(sequences, offsets, logits, labels, Double(denominator ?? sequences), dlogits)
  }
}
