internal import CKernels

extension KernelContext {
  /// x = `value`, elementwise over `count`.
  public func fill(count: Int, with value: Float, x: UnsafeMutablePointer<Float>) {
    pf_fill(pool, count, value, x)
  }

  /// y = x, elementwise over `count`; the two must not overlap.
  public func copy(count: Int, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>) {
    pf_copy(pool, count, x, y)
  }

  /// y = `alpha` x + `beta` y, elementwise over `count`.
  ///
  /// `x` may be `y`. With `beta` 0, y is not read.
  public func add(
    count: Int, alpha: Float = 1, x: UnsafePointer<Float>, beta: Float = 1, y: UnsafeMutablePointer<Float>
  ) {
    pf_add(pool, count, alpha, x, beta, y)
  }

  /// Whether no element is infinite or not a number.
  public func allFinite(count: Int, x: UnsafePointer<Float>) -> Bool { pf_all_finite(count, x) }
}
