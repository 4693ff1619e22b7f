internal import CKernels

/// An elementwise nonlinearity.
public enum Activation: Sendable, CaseIterable {
  /// x Φ(x), with Φ the normal distribution function (Hendrycks & Gimpel, arXiv:1606.08415).
  case gelu
  /// x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))), section 2 of the same paper.
  case geluTanh
  /// max(x, 0).
  case relu
  /// tanh(x).
  case tanh

  var kind: pf_activation {
    switch self {
    case .gelu: PF_GELU
    case .geluTanh: PF_GELU_TANH
    case .relu: PF_RELU
    case .tanh: PF_TANH
    }
  }
}

extension KernelContext {
  /// y = f(x), elementwise over `count`; `y` may be `x`.
  public func activationForward(
    _ activation: Activation, count: Int, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>
  ) {
    pf_activation_forward(pool, activation.kind, count, x, y)
  }

  /// dx = dy f′(x), elementwise over `count`; `dx` may be `dy`.
  ///
  /// - Parameter saved: the forward's input x for both GELUs, its output y for tanh, either of them for ReLU.
  public func activationBackward(
    _ activation: Activation, count: Int, saved: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>
  ) {
    pf_activation_backward(pool, activation.kind, count, saved, dy, dx)
  }
}
