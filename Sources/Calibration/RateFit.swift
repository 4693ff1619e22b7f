import Devices
import Steps

/// Finds the rates by which kernels' measured times come out best.
public enum RateFit {
  /// Kernels shorter than this weigh by their absolute error, longer ones by their relative error.
  static let shortSeconds = 20e-6
  /// Relative errors beyond this weigh less and less: a sample that something disturbed says little (Huber's weights, Annals of
  /// Mathematical Statistics 35, 1964).
  static let largeError = 0.1
  static let sweeps = 40

  /// The rates of each class in the samples, by the class's name.
  public static func rates(_ samples: [KernelSample]) -> [String: KernelRate] {
    var classes: [String: [KernelSample]] = [:]
    for sample in merged(samples) { classes[sample.work.kernelClass.name, default: []].append(sample) }
    return classes.compactMapValues { samples in
      samples.allSatisfy { $0.work.extents != nil } ? productRate(samples) : streamRate(samples)
    }
  }

  /// Of samples of the same work, such as those of three equal projections, the median.
  private static func merged(_ samples: [KernelSample]) -> [KernelSample] {
    var times: [KernelWork: [Double]] = [:]
    for sample in samples { times[sample.work, default: []].append(sample.seconds) }
    return times.map { KernelSample($0, seconds: $1.median) }.sorted {
      ($0.work.operations, $0.work.bytesMoved, $0.seconds) < (
        $1.work.operations, $1.work.bytesMoved, $1.seconds
      )
    }
  }

  /// Working sets up to which caches may help, tried one by one.
  private static let cacheBytes = (18...26).map { 1 << $0 }
  /// Fewer sizes than this do not show what caches do, and a narrower range does not show what runs take before they do anything.
  private static let fewestSizes = 6
  private static let narrowRange = 4

  /// `overhead + bytes / bandwidth`, with a bandwidth of its own for the first bytes where that comes out better.
  private static func streamRate(_ samples: [KernelSample]) -> KernelRate? {
    let sizes = Set(samples.map(\.work.bytesMoved))
    guard let least = sizes.min(), let most = sizes.max(), least > 0 else { return nil }
    let splits = sizes.count < fewestSizes ? [] : cacheBytes.filter { 2 * least <= $0 && 2 * $0 < most }
    let fits = [most] + splits
    return fits.map { streamRate(samples, cache: $0, hasOverhead: most >= narrowRange * least) }
      .min { $0.error < $1.error }?.rate
  }

  private static func streamRate(
    _ samples: [KernelSample], cache: Int, hasOverhead: Bool
  ) -> (rate: KernelRate, error: Double) {
    let all = samples.map { Double($0.work.bytesMoved) }
    let beyond = samples.map { Double(max(0, $0.work.bytesMoved - cache)) }
    let target = samples.map(\.seconds)
    // No run is shorter than its overhead.
    let shortest = target.min() ?? 0
    var (overhead, slopes) = (0.0, [0.0, 0])
    var weights = Self.weights(samples)
    var error = Double.infinity
    for _ in 0..<sweeps {
      let constant = target.map { _ in hasOverhead ? 1.0 : 0 }
      let free = LeastSquares.nonNegative(columns: [constant, all, beyond], target: target, weights: weights)
      (overhead, slopes) = (min(free[0], shortest), Array(free[1...]))
      if free[0] > shortest {
        slopes = LeastSquares.nonNegative(
          columns: [all, beyond], target: target.map { $0 - shortest }, weights: weights)
      }
      let predicted = samples.indices.map { overhead + slopes[0] * all[$0] + slopes[1] * beyond[$0] }
      weights = Self.weights(samples, predicted: predicted)
      error = samples.indices.reduce(0) {
        $0 + (predicted[$1] - target[$1]).magnitude / max(target[$1], shortSeconds)
      }
    }
    // What takes no longer for more bytes has a bandwidth all the same: one that does not matter.
    let (cached, memory) = (1 / max(slopes[0], 1e-14), 1 / max(slopes[0] + slopes[1], 1e-14))
    let hasCache = slopes[1] > 0
    return (
      KernelRate(
        bytesPerSecond: memory, cachedBytesPerSecond: hasCache ? cached : nil, cacheBytes: hasCache ? cache : 0,
        overheadSeconds: overhead), error
    )
  }

  /// `overhead + operations·(1 + h₁/rows)(1 + h₂/columns)(1 + h₃/depth) / rate`, one extent after another: with the others held, the
  /// time is linear in the operations and in the operations by that extent.
  private static func productRate(_ samples: [KernelSample]) -> KernelRate? {
    let extents = samples.map { sample -> [Double] in
      guard let extents = sample.work.extents else { return [1, 1, 1] }
      return [extents.rows, extents.columns, extents.depth].map { Double(max($0, 1)) }
    }
    let target = samples.map(\.seconds)
    var half = KernelRate.noHalf
    var (overhead, perOperation) = (0.0, 0.0)
    var weights = Self.weights(samples)
    for sweep in 0..<(3 * sweeps) {
      let axis = sweep % 3
      let operations = zip(samples, extents).map { sample, extents in
        (0..<3).reduce(Double(sample.work.operations)) { $1 == axis ? $0 : $0 * (1 + half[$1] / extents[$1]) }
      }
      let edge = zip(operations, extents).map { $0 / $1[axis] }
      // Where times say that operations cost nothing, something else is left out: first the extent, then the overhead.
      let fits = [(1.0, 1.0), (1, 0), (0, 0)].lazy.map { constant, extent in
        LeastSquares.nonNegative(
          columns: [target.map { _ in constant }, operations, edge.map { $0 * extent }], target: target,
          weights: weights)
      }
      guard let coefficients = fits.first(where: { $0[1] > 0 }) else { return nil }
      (overhead, perOperation) = (coefficients[0], coefficients[1])
      half[axis] = coefficients[2] / coefficients[1]
      weights = Self.weights(
        samples,
        predicted: samples.indices.map { index in
          coefficients[0] + coefficients[1] * operations[index] + coefficients[2] * edge[index]
        })
    }
    guard perOperation > 0 else { return nil }
    var rate = KernelRate(operationsPerSecond: 1 / perOperation, half: half, overheadSeconds: overhead)
    // The product that reached the highest rate is not predicted to reach a higher one; few and disturbed samples may say so.
    if let best = samples.max(by: { $0.operationsPerSecond < $1.operationsPerSecond }) {
      let excess = max(1, best.seconds / rate.seconds(best.work))
      rate.operationsPerSecond = 1 / (perOperation * excess)
      rate.overheadSeconds *= excess
    }
    return rate
  }

  private static func weights(_ samples: [KernelSample], predicted: [Double]? = nil) -> [Double] {
    samples.indices.map { index in
      let scale = max(samples[index].seconds, shortSeconds)
      let error = predicted.map { ($0[index] - samples[index].seconds).magnitude / scale } ?? 0
      return min(1, largeError / max(error, 1e-9)) / (scale * scale)
    }
  }
}

extension KernelSample {
  fileprivate var operationsPerSecond: Double { Double(work.operations) / seconds }
}
