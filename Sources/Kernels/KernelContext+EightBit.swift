internal import CKernels

/// An optimizer's state with one byte an element and one float for each 256 elements of the flat tensor
/// (Dettmers et al., arXiv:2110.02861).
///
/// All bytes zero is the state zero. Codes come first, rounded up to 64 bytes, then the blocks' greatest magnitudes.
public enum EightBitState {
  /// Elements that share a greatest magnitude.
  public static let block = 256

  /// The size of a state: `count` rounded up to 64, and 4 ⌈count / 256⌉.
  public static func bytes(count: Int) -> Int { pf_eight_bit_bytes(count) }

  /// The value of each code, as a part of the block's greatest magnitude.
  public static func values(signed: Bool) -> [Float] {
    [Float](unsafeUninitializedCapacity: 256) { buffer, initialized in
      guard let start = buffer.baseAddress else { return }
      pf_eight_bit_values(signed, start)
      initialized = 256
    }
  }

  /// Rounds `count` elements to the nearest values.
  public static func store(signed: Bool, count: Int, x: UnsafePointer<Float>, state: UnsafeMutableRawPointer) {
    pf_eight_bit_store(signed, count, x, state)
  }

  /// The elements of a state.
  public static func load(
    signed: Bool, count: Int, state: UnsafeRawPointer, x: UnsafeMutablePointer<Float>
  ) {
    pf_eight_bit_load(signed, count, state, x)
  }
}

extension KernelContext {
  /// Updates `count` parameters in place with 8-bit states.
  ///
  /// Each block of states is loaded, updated in single precision with the parameters, and rounded again. The same
  /// bits for any thread count.
  ///
  /// - Shapes: states ``EightBitState/bytes(count:)``, aligned to 4, zero at first; nil where the rule has none.
  ///   `state1` has a sign, `state2` (AdamW's v) has none.
  public func updateEightBit(
    _ rule: UpdateRule, count: Int, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
    state1: UnsafeMutableRawPointer?, state2: UnsafeMutableRawPointer?, gradientScale: Float = 1
  ) {
    withUnsafePointer(to: rule.spec) {
      pf_update_eight_bit(pool, $0, count, parameters, gradients, gradientScale, state1, state2)
    }
  }

  /// Updates an embedding table with the same bits as
  /// ``updateEightBit(_:count:parameters:gradients:state1:state2:gradientScale:)`` with its dense gradient, never
  /// formed.
  ///
  /// Needs no scratch.
  /// - Shapes: table rows × width, dx tokens × width; states ``EightBitState/bytes(count:)`` of rows × width.
  public func updateEmbeddingEightBit(
    _ rule: UpdateRule, rows: Int, width: Int, dx: UnsafePointer<Float>, heads: UnsafePointer<Int32>,
    order: UnsafePointer<Int32>, table: UnsafeMutablePointer<Float>, state1: UnsafeMutableRawPointer?,
    state2: UnsafeMutableRawPointer?, gradientScale: Float = 1
  ) {
    withUnsafePointer(to: rule.spec) {
      pf_update_embedding_eight_bit(
        pool, $0, rows, width, dx, heads, order, gradientScale, table, state1, state2)
    }
  }
}
