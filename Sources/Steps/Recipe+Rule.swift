import Graph

extension Recipe {
  /// The most threads that a step may have: OpenBLAS keeps a table of buffers, which more than 128 callers overrun.
  public static let mostThreads = 64

  /// The rule that this recipe breaks for a model, as the end of a sentence, or nil.
  ///
  /// A recipe that breaks none can be lowered and counted: every product of its sizes fits an `Int`.
  public func brokenRule(for graph: EncoderGraph) -> String? {
    let positions = graph.configuration.longestSequence
    if batch < 1 || sequence < 1 || threads < 1 { return "batch, sequence and threads must be positive" }
    if !(1...batch).contains(accumulation) {
      return "a batch of \(batch) sequences cannot be cut into \(accumulation) micro-batches"
    }
    if let norm = maximumGradientNorm, !(norm > 0 && norm.isFinite) {
      return "a largest gradient norm of \(norm) is not positive"
    }
    let layers = graph.configuration.layerCount
    if let count = saving.layerCount, count != layers {
      return "\(count) saving polic\(count == 1 ? "y" : "ies") for \(layers) layer\(layers == 1 ? "" : "s")"
    }
    if threads > Self.mostThreads { return "\(threads) threads are more than \(Self.mostThreads)" }
    if sequence > positions {
      return "a sequence of \(sequence) tokens is longer than the model's \(positions) positions"
    }
    // Above the operations of a step, and with them above every size in it: each scalar of the model takes part in
    // three products of two operations a token, attention in seven of S·H a layer; 32 leaves room for workspaces.
    let c = graph.configuration
    let scalars = Double(
      graph.parameterCount + c.layerCount * (c.hiddenSize + c.feedForwardSize + sequence) * c.hiddenSize)
    let work = 32 * Double(batch) * Double(sequence) * scalars * Double(threads)
    return work < 0x1p62 ? nil : "\(batch) sequences of \(sequence) tokens are more than can be counted"
  }
}
