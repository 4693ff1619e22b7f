internal import CKernels

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// How parameters change given their gradients: PyTorch's formulas, and Lion's.
public enum UpdateRule: Sendable, Equatable {
  /// p ← p − lr·wd·p; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; p ← p − lr/c₁ · m / (√v/√c₂ + ε), with
  /// cᵢ = 1 − βᵢ^step and `step` counted from 1. `state1` is m, `state2` is v, both zero at first.
  /// https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
  case adamW(
    learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0.01, step: Int)
  /// p ← p − lr (g + wd·p). Neither state is read.
  /// https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
  case sgd(learningRate: Double, weightDecay: Double = 0)
  /// b ← momentum·b + g + wd·p; p ← p − lr·b. `state1` is b, zero at first. The same page.
  case momentum(learningRate: Double, momentum: Double = 0.9, weightDecay: Double = 0)
  /// p ← p − lr (sign(β₁m + (1 − β₁)g) + wd·p); m ← β₂m + (1 − β₂)g. `state1` is m, zero at first.
  /// Chen et al., arXiv:2302.06675, algorithm 2 and its defaults.
  case lion(learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0)

  /// c₂ of AdamW, by which its second moment is divided; 1 for rules that keep none.
  public var secondMomentWeight: Double { spec.bias_correction2 }

  var spec: pf_optimizer {
    switch self {
    case .adamW(let learningRate, let beta1, let beta2, let epsilon, let weightDecay, let step):
      pf_optimizer(
        kind: PF_ADAMW, learning_rate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
        weight_decay: weightDecay, bias_correction1: 1 - pow(beta1, Double(step)),
        bias_correction2: 1 - pow(beta2, Double(step)), momentum: 0)
    case .sgd(let learningRate, let weightDecay):
      pf_optimizer(
        kind: PF_SGD, learning_rate: learningRate, beta1: 0, beta2: 0, epsilon: 0, weight_decay: weightDecay,
        bias_correction1: 1, bias_correction2: 1, momentum: 0)
    case .momentum(let learningRate, let momentum, let weightDecay):
      pf_optimizer(
        kind: PF_SGD_MOMENTUM, learning_rate: learningRate, beta1: 0, beta2: 0, epsilon: 0,
        weight_decay: weightDecay, bias_correction1: 1, bias_correction2: 1, momentum: momentum)
    case .lion(let learningRate, let beta1, let beta2, let weightDecay):
      pf_optimizer(
        kind: PF_LION, learning_rate: learningRate, beta1: beta1, beta2: beta2, epsilon: 0,
        weight_decay: weightDecay, bias_correction1: 1, bias_correction2: 1, momentum: 0)
    }
  }
}

extension KernelContext {
  /// Updates `count` parameters in place; states that the rule does not have may be nil.
  ///
  /// - Parameter gradientScale: multiplies every gradient where it is read, for clipping by the global norm.
  public func update(
    _ rule: UpdateRule, count: Int, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
    state1: UnsafeMutablePointer<Float>?, state2: UnsafeMutablePointer<Float>?, gradientScale: Float = 1
  ) {
    withUnsafePointer(to: rule.spec) {
      pf_update(pool, $0, count, parameters, gradients, gradientScale, state1, state2)
    }
  }

  /// Σ x² over `count` elements in double precision, the same bits for any thread count.
  public func squaredNorm(count: Int, x: UnsafePointer<Float>) -> Double { pf_squared_norm(pool, count, x) }

  /// ``squaredNorm(count:x:)`` of a table's dense gradient, never formed, the same bits for any thread count.
  ///
  /// - Shapes: as ``updateEmbedding(_:rows:width:dx:heads:order:table:state1:state2:scratch:gradientScale:)``,
  ///   scratch included.
  public func squaredNormOfTable(
    rows: Int, width: Int, dx: UnsafePointer<Float>, heads: UnsafePointer<Int32>, order: UnsafePointer<Int32>,
    scratch: UnsafeMutableRawPointer
  ) -> Double {
    pf_squared_norm_of_table(pool, rows, width, dx, heads, order, scratch)
  }
}
