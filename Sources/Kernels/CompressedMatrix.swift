internal import CKernels

/// How weights that are only read are held in memory.
public enum WeightFormat: String, Sendable, CaseIterable {
  case float32
  /// The upper half of a float32, rounded to nearest even.
  case bfloat16
  /// IEEE 754 binary16, rounded to nearest even; magnitudes from 65520 on become infinite.
  case float16
  /// A byte an element and a scale for each 64 elements of a row, their greatest magnitude / 127: x ≈ code · scale,
  /// codes −127 ... 127 rounded to nearest even.
  case int8

  /// The size of a matrix: for `int8`, rows · columns codes rounded up to 64, and 4 · rows · ⌈columns / 64⌉.
  public func bytes(rows: Int, columns: Int) -> Int { pf_weights_bytes(format, rows, columns) }

  /// Writes some rows of a matrix from finite floats, on the calling thread; each row's bytes depend on it alone.
  ///
  /// - Shapes: x range.count × columns; bytes ``bytes(rows:columns:)`` of the whole matrix, aligned to 4. `range`
  ///   must lie within 0 ..< rows.
  public func compress(
    rows range: Range<Int>, of rows: Int, columns: Int, x: UnsafePointer<Float>,
    into bytes: UnsafeMutableRawPointer
  ) {
    let whole = pf_weights_at(format, rows, columns, bytes)
    pf_weights_compress(pf_weights_from(whole, range.lowerBound), range.count, x)
  }

  var format: pf_weight_format {
    switch self {
    case .float32: PF_FLOAT32
    case .bfloat16: PF_BFLOAT16
    case .float16: PF_FLOAT16
    case .int8: PF_INT8
    }
  }
}

/// Rows of a matrix in some format, in memory that the caller owns and that must outlive this value.
public struct CompressedMatrix {
  public let format: WeightFormat
  public let rows: Int
  public let columns: Int
  let weights: pf_weights

  /// The whole matrix that lies in ``WeightFormat/bytes(rows:columns:)`` bytes, aligned to 4.
  public init(_ format: WeightFormat, rows: Int, columns: Int, bytes: UnsafeRawPointer) {
    let weights = pf_weights_at(format.format, rows, columns, UnsafeMutableRawPointer(mutating: bytes))
    self.init(format, rows: rows, weights: weights)
  }

  private init(_ format: WeightFormat, rows: Int, weights: pf_weights) {
    (self.format, self.rows, self.columns, self.weights) = (format, rows, weights.columns, weights)
  }

  /// Some of the rows, which stay where they are.
  ///
  /// `range` must lie within 0 ..< rows.
  public func rows(_ range: Range<Int>) -> CompressedMatrix {
    CompressedMatrix(format, rows: range.count, weights: pf_weights_from(weights, range.lowerBound))
  }

  /// Reads all rows, on the calling thread.
  ///
  /// - Shapes: x rows × columns.
  public func expand(into x: UnsafeMutablePointer<Float>) { pf_weights_expand(weights, rows, x) }
}

extension KernelContext {
  /// C = `alpha` op(A) op(B) + `beta` C, plus `bias` on each row, with B in some format.
  ///
  /// B is expanded a strip of 16 KiB at a time on the threads' stacks: no scratch is needed.
  /// - Shapes: as ``gemm(transposeA:transposeB:m:n:k:alpha:a:lda:b:ldb:beta:c:ldc:bias:)``. B as stored is n × k when
  ///   `transposeB`, else k × n: `b` must have at least as many rows, and exactly as many columns or, with more,
  ///   those after the first are not read.
  public func gemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Float = 1,
    a: UnsafePointer<Float>, lda: Int, b: CompressedMatrix, beta: Float = 0, c: UnsafeMutablePointer<Float>,
    ldc: Int, bias: UnsafePointer<Float>? = nil
  ) {
    withUnsafePointer(to: b.weights) {
      pf_expanding_gemm(pool, transposeA, transposeB, m, n, k, alpha, a, lda, $0, beta, c, ldc, bias)
    }
  }

  /// out[t] = word[ids[t]] + position[positions[t]] + type[types[t]], each table in a format of its own.
  ///
  /// - Shapes: tables of equal width; out tokens × width; ids, positions, types tokens. `position` with `positions`,
  ///   and `type` with `types`, may be nil. Indices must lie within their tables.
  public func embeddingForward(
    tokens: Int, word: CompressedMatrix, ids: UnsafePointer<Int32>, position: CompressedMatrix?,
    positions: UnsafePointer<Int32>?, type: CompressedMatrix?, types: UnsafePointer<Int32>?,
    out: UnsafeMutablePointer<Float>
  ) {
    withPointer(to: word.weights) { word in
      withPointer(to: position?.weights) { position in
        withPointer(to: type?.weights) { type in
          pf_expanding_embedding_forward(pool, tokens, word, ids, position, positions, type, types, out)
        }
      }
    }
  }

  /// A pointer to the value, or nil for nil.
  private func withPointer(to value: pf_weights?, _ body: (UnsafePointer<pf_weights>?) -> Void) {
    guard let value else { return body(nil) }
    withUnsafePointer(to: value) { body($0) }
  }
}
