internal import CKernels

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Adafactor without momentum and with a given learning rate (Shazeer & Stern, arXiv:1804.04235, algorithm 4), as
/// transformers' `Adafactor(scale_parameter=False, relative_step=False)` and its Trainer's `optim="adafactor"`.
///
/// R ← d R + (1 − d) mean over columns of (g² + ε); C ← d C + (1 − d) mean over rows of (g² + ε), with
/// d = 1 − step^decayRate; u = g / √(R C / mean R); p ← p − lr·wd·p − lr · u / max(1, RMS(u) / clipThreshold).
/// A vector keeps its whole second moment V instead, and u = g / √V.
public struct AdafactorRule: Sendable, Equatable {
  public var learningRate: Double
  public var weightDecay: Double
  public var decayRate: Double
  public var epsilon: Double
  public var clipThreshold: Double
  /// Counted from 1.
  public var step: Int

  public init(
    learningRate: Double, weightDecay: Double = 0, decayRate: Double = -0.8, epsilon: Double = 1e-30,
    clipThreshold: Double = 1, step: Int
  ) {
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    self.decayRate = decayRate
    self.epsilon = epsilon
    self.clipThreshold = clipThreshold
    self.step = step
  }

  var spec: pf_adafactor {
    pf_adafactor(
      learning_rate: learningRate, weight_decay: weightDecay, decay: 1 - pow(Double(step), decayRate),
      epsilon: epsilon, clip_threshold: clipThreshold)
  }
}

extension KernelContext {
  /// Updates a matrix in place; the same bits for any thread count.
  ///
  /// - Shapes: parameters, gradients rows × columns; rowState rows, columnState columns, both zero at first; scratch
  ///   ``ScratchBytes/adafactor(columns:)``.
  public func adafactor(
    _ rule: AdafactorRule, rows: Int, columns: Int, parameters: UnsafeMutablePointer<Float>,
    gradients: UnsafePointer<Float>, rowState: UnsafeMutablePointer<Float>,
    columnState: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, gradientScale: Float = 1
  ) {
    withUnsafePointer(to: rule.spec) {
      pf_adafactor_matrix(
        pool, $0, rows, columns, parameters, gradients, gradientScale, rowState, columnState, scratch)
    }
  }

  /// Updates a vector in place; the same bits for any thread count.
  ///
  /// - Shapes: parameters, gradients, state `count`; state is zero at first.
  public func adafactor(
    _ rule: AdafactorRule, count: Int, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
    state: UnsafeMutablePointer<Float>, gradientScale: Float = 1
  ) {
    withUnsafePointer(to: rule.spec) {
      pf_adafactor_vector(pool, $0, count, parameters, gradients, gradientScale, state)
    }
  }

  /// Updates an embedding table with the same bits as a matrix with its dense gradient, never formed.
  ///
  /// - Shapes: table rows × width; dx tokens × width; heads, order from
  ///   ``embeddingIndex(tokens:rows:ids:heads:order:)``; rowState rows, columnState width, both zero at first; scratch
  ///   ``ScratchBytes/adafactorEmbedding(threads:width:)``.
  public func adafactorEmbedding(
    _ rule: AdafactorRule, rows: Int, width: Int, dx: UnsafePointer<Float>, heads: UnsafePointer<Int32>,
    order: UnsafePointer<Int32>, table: UnsafeMutablePointer<Float>, rowState: UnsafeMutablePointer<Float>,
    columnState: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, gradientScale: Float = 1
  ) {
    withUnsafePointer(to: rule.spec) {
      pf_adafactor_table(
        pool, $0, rows, width, dx, heads, order, gradientScale, table, rowState, columnState, scratch)
    }
  }
}
