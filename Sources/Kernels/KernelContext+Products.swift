internal import CKernels

extension KernelContext {
  /// C = `alpha` op(A) op(B) + `beta` C, plus `bias` on each row.
  ///
  /// - Shapes: op(A) is m × k, op(B) is k × n, C is m × n, `bias` has n elements. As stored, A is k × m when
  ///   `transposeA`, and B is n × k when `transposeB`; `lda`, `ldb` and `ldc` are row strides as stored.
  /// - With `beta` 0, C is not read. Sizes must fit in an `Int32`.
  public func gemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Float = 1,
    a: UnsafePointer<Float>, lda: Int, b: UnsafePointer<Float>, ldb: Int, beta: Float = 0,
    c: UnsafeMutablePointer<Float>, ldc: Int, bias: UnsafePointer<Float>? = nil
  ) {
    pf_gemm(pool, transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, bias)
  }

  /// out[c] = `beta` out[c] + Σ_r x[r, c]: the gradient of a bias.
  ///
  /// With `beta` 0, `out` is not read.
  /// - Shapes: x rows × columns, out columns.
  public func columnSum(
    rows: Int, columns: Int, x: UnsafePointer<Float>, beta: Float = 0, out: UnsafeMutablePointer<Float>
  ) {
    pf_column_sum(pool, rows, columns, x, beta, out)
  }
}
