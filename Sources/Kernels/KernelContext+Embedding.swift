internal import CKernels

extension KernelContext {
  /// out[t] = word[ids[t]] + position[positions[t]] + type[types[t]].
  ///
  /// - Shapes: out tokens × width; ids, positions, types tokens. `position` with `positions`, and `type` with
  ///   `types`, may be nil. Indices must lie within their tables.
  public func embeddingForward(
    tokens: Int, width: Int, word: UnsafePointer<Float>, ids: UnsafePointer<Int32>,
    position: UnsafePointer<Float>?, positions: UnsafePointer<Int32>?, type: UnsafePointer<Float>?,
    types: UnsafePointer<Int32>?, out: UnsafeMutablePointer<Float>
  ) {
    pf_embedding_forward(pool, tokens, width, word, ids, position, positions, type, types, out)
  }

  /// Groups token positions by id: those of id r become order[heads[r] ..< heads[r + 1]], ascending.
  ///
  /// - Shapes: ids, order tokens; heads rows + 1. Ids must lie within 0 ..< rows.
  /// - Complexity: O(tokens + rows), on the calling thread.
  public func embeddingIndex(
    tokens: Int, rows: Int, ids: UnsafePointer<Int32>, heads: UnsafeMutablePointer<Int32>,
    order: UnsafeMutablePointer<Int32>
  ) {
    pf_embedding_index(tokens, rows, ids, heads, order)
  }

  /// dtable[r] = `scale` dtable[r] + Σ dx[t] over the tokens t of row r.
  ///
  /// With `scale` 0 dtable is not read.
  /// - Shapes: dx tokens × width, dtable rows × width; heads, order from
  ///   ``embeddingIndex(tokens:rows:ids:heads:order:)``.
  public func embeddingBackward(
    rows: Int, width: Int, dx: UnsafePointer<Float>, heads: UnsafePointer<Int32>, order: UnsafePointer<Int32>,
    scale: Float = 0, dtable: UnsafeMutablePointer<Float>
  ) {
    pf_embedding_backward(pool, rows, width, dx, heads, order, scale, dtable)
  }

  /// Updates a table as ``update(_:count:parameters:gradients:state1:state2:gradientScale:)`` would with its dense
  /// gradient, never formed.
  ///
  /// Rows of no token have gradient zero, and still decay.
  /// - Shapes: table, state1, state2 rows × width; dx tokens × width; scratch
  ///   ``ScratchBytes/updateEmbedding(threads:width:)``.
  public func updateEmbedding(
    _ rule: UpdateRule, rows: Int, width: Int, dx: UnsafePointer<Float>, heads: UnsafePointer<Int32>,
    order: UnsafePointer<Int32>, table: UnsafeMutablePointer<Float>, state1: UnsafeMutablePointer<Float>?,
    state2: UnsafeMutablePointer<Float>?, scratch: UnsafeMutableRawPointer, gradientScale: Float = 1
  ) {
    withUnsafePointer(to: rule.spec) {
      pf_update_embedding(
        pool, $0, rows, width, dx, heads, order, gradientScale, table, state1, state2, scratch)
    }
  }
}
