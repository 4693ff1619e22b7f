internal import CKernels

/// Dropout whose mask is a function of a key and an element's index, so that it is never stored.
public struct Dropout: Sendable, Equatable {
  /// Decides, with an element's index, whether it is dropped.
  public var key: UInt64
  /// Probability of dropping an element, from 0 (the identity) up to, not including, 1.
  public var probability: Float

  public init(key: UInt64, probability: Float) {
    self.key = key
    self.probability = probability
  }

  /// The dropout of one place (`site`) of the model at one step of a run seeded with `seed`.
  public init(seed: UInt64, step: UInt64, site: UInt64, probability: Float) {
    self.init(key: pf_dropout_key(seed, step, site), probability: probability)
  }

  /// No dropout: the identity.
  public static let none = Dropout(key: 0, probability: 0)

  var spec: pf_dropout { pf_dropout(key: key, probability: probability) }
}

extension KernelContext {
  /// y[i] = mask(key, i) x[i] / (1 − p) over `count`.
  ///
  /// `y` may be `x`. The same call on dy is the backward.
  public func applyDropout(
    _ dropout: Dropout, count: Int, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>
  ) {
    pf_dropout_apply(pool, dropout.spec, count, x, y)
  }
}
