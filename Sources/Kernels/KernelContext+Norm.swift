internal import CKernels

extension KernelContext {
  /// z = residual + dropout(branch); x̂ = (z − mean z) rstd; y = γ x̂ + β, row by row, with
  /// rstd = 1/√(var z + ε) and the biased variance (Ba, Kiros & Hinton, arXiv:1607.06450).
  ///
  /// - Shapes: residual (nil: absent), branch, y, xhat rows × width; gamma, beta width; rstd rows.
  /// - `y`, `xhat` and `rstd` may be nil when not wanted, but not both `y` and `xhat`. `y` and `xhat` may each be
  ///   the same buffer as `residual` or `branch`, and must differ from each other.
  public func addNormForward(
    rows: Int, width: Int, residual: UnsafePointer<Float>?, branch: UnsafePointer<Float>,
    dropout: Dropout = .none, gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, epsilon: Float,
    y: UnsafeMutablePointer<Float>?, xhat: UnsafeMutablePointer<Float>?, rstd: UnsafeMutablePointer<Float>?
  ) {
    pf_add_norm_forward(
      pool, rows, width, residual, branch, dropout.spec, gamma, beta, epsilon, y, xhat, rstd)
  }

  /// y = γ x̂ + β: the output of a LayerNorm from its normalised input.
  ///
  /// `y` may be `xhat`.
  /// - Shapes: xhat, y rows × width; gamma, beta width.
  public func normRebuild(
    rows: Int, width: Int, xhat: UnsafePointer<Float>, gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>,
    y: UnsafeMutablePointer<Float>
  ) {
    pf_norm_rebuild(pool, rows, width, xhat, gamma, beta, y)
  }

  /// dz = rstd (g − mean(g) − x̂ mean(g x̂)) with g = γ dy, row by row; `dz` may be `dy`.
  ///
  /// dz is the gradient of the residual; that of the branch is ``applyDropout(_:count:x:y:)`` of it.
  /// - Shapes: dy, xhat, dz rows × width; rstd rows; gamma width.
  public func normBackward(
    rows: Int, width: Int, dy: UnsafePointer<Float>, xhat: UnsafePointer<Float>, rstd: UnsafePointer<Float>,
    gamma: UnsafePointer<Float>, dz: UnsafeMutablePointer<Float>
  ) {
    pf_norm_backward(pool, rows, width, dy, xhat, rstd, gamma, dz)
  }

  /// dγ = `scale` dγ + Σ_r dy x̂ and dβ = `scale` dβ + Σ_r dy; a nil one is not computed.
  ///
  /// - Shapes: dy, xhat rows × width; dgamma, dbeta width. With `scale` 0 the old values are not read; `xhat` is
  ///   read for `dgamma` only.
  public func normParameterGradients(
    rows: Int, width: Int, dy: UnsafePointer<Float>, xhat: UnsafePointer<Float>?, scale: Float = 0,
    dgamma: UnsafeMutablePointer<Float>?, dbeta: UnsafeMutablePointer<Float>?
  ) {
    pf_norm_parameter_gradients(pool, rows, width, dy, xhat, scale, dgamma, dbeta)
  }
}
