internal import CKernels

/// Multi-head self-attention over sequences of different lengths packed one after another, without padding.
///
/// Tokens of sequence b are rows offsets[b] ..< offsets[b + 1] of all tokens × width tensors, with
/// width = heads × headSize; head j uses columns j·headSize ..< (j + 1)·headSize.
public struct AttentionShape {
  public var sequences: Int
  /// `sequences + 1` row numbers, nondecreasing from 0, which must outlive the kernel call.
  public var offsets: UnsafePointer<Int32>
  /// At least the length of every sequence.
  public var maxLength: Int
  public var heads: Int
  public var headSize: Int
  /// Factor of the scores.
  public var scale: Float
  /// Of the probabilities.
  ///
  /// An element's index is (query token · heads + head) · maxLength + key position.
  public var dropout: Dropout

  /// - Parameter scale: nil for 1/√headSize (Vaswani et al., arXiv:1706.03762, section 3.2.1).
  public init(
    sequences: Int, offsets: UnsafePointer<Int32>, maxLength: Int, heads: Int, headSize: Int,
    scale: Float? = nil, dropout: Dropout = .none
  ) {
    self.sequences = sequences
    self.offsets = offsets
    self.maxLength = maxLength
    self.heads = heads
    self.headSize = headSize
    self.scale = scale ?? 1 / Float(headSize).squareRoot()
    self.dropout = dropout
  }

  var spec: pf_attention {
    pf_attention(
      sequences: sequences, offsets: offsets, max_length: maxLength, heads: heads, head_size: headSize,
      scale: scale, dropout: dropout.spec)
  }
}

extension KernelContext {
  /// context = dropout(softmax(scale q kᵀ)) v, head by head.
  ///
  /// - Shapes: q, k, v, context tokens × width; scratch ``ScratchBytes/attentionForward(threads:maxLength:)``,
  ///   aligned to 4 bytes (64 for speed). `context` must not overlap an input.
  public func attentionForward(
    _ shape: AttentionShape, q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>,
    context: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
  ) {
    withUnsafePointer(to: shape.spec) { pf_attention_forward(pool, $0, q, k, v, context, scratch) }
  }

  /// Gradients of the forward; scores are computed again from q and k.
  ///
  /// A nil output is not computed.
  /// - Shapes: all tokens × width; scratch ``ScratchBytes/attentionBackward(threads:maxLength:)``. `v` is read only
  ///   for `dq` and `dk`. No output may overlap an input.
  public func attentionBackward(
    _ shape: AttentionShape, q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>?,
    dcontext: UnsafePointer<Float>, dq: UnsafeMutablePointer<Float>?, dk: UnsafeMutablePointer<Float>?,
    dv: UnsafeMutablePointer<Float>?, scratch: UnsafeMutableRawPointer
  ) {
    withUnsafePointer(to: shape.spec) {
      pf_attention_backward(pool, $0, q, k, v, dcontext, dq, dk, dv, scratch)
    }
  }

  /// out[b, :] = x[offsets[b], :]: the first token of each sequence.
  ///
  /// No sequence may be empty.
  /// - Shapes: x tokens × width, out sequences × width.
  public func firstTokenForward(
    sequences: Int, offsets: UnsafePointer<Int32>, width: Int, x: UnsafePointer<Float>,
    out: UnsafeMutablePointer<Float>
  ) {
    pf_first_token_forward(sequences, offsets, width, x, out)
  }

  /// dx[offsets[b], :] = dout[b, :], and zero elsewhere.
  ///
  /// No sequence may be empty.
  /// - Shapes: dout sequences × width, dx offsets[sequences] × width.
  public func firstTokenBackward(
    sequences: Int, offsets: UnsafePointer<Int32>, width: Int, dout: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>
  ) {
    pf_first_token_backward(pool, sequences, offsets, width, dout, dx)
  }
}
