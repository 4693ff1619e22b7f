import Steps

/// How quick the kernels of one class are on a device, as measured.
///
/// One run takes `overhead + max(operations·(1 + h₁/rows)(1 + h₂/columns)(1 + h₃/depth) / rate, bytes / bandwidth)`, where the first bytes may
/// have a bandwidth of their own. The extents `half`,
/// at each of which a product reaches half of its rate, are Hockney's n½ (Hockney and Jesshope, Parallel Computers, 1981), one for
/// each extent: multiplied out, they stand for packing both operands and writing the result. Both sides are linear in each
/// extent, and the time never falls as one grows.
public struct KernelRate: Codable, Hashable, Sendable {
  /// FLOP/s that products approach as they grow; nil where arithmetic takes no time of its own.
  public var operationsPerSecond: Double?
  /// Rows, columns and depth at which half of the rate is reached.
  public var half: [Double]
  /// Bytes per second, reads and writes both counted; nil where moving them takes no time of its own.
  public var bytesPerSecond: Double?
  /// The same for the first `cacheBytes` of a run; nil where caches do not help.
  public var cachedBytesPerSecond: Double?
  public var cacheBytes: Int
  /// What every run takes before it does anything.
  public var overheadSeconds: Double

  public static let noHalf = [0.0, 0, 0]

  public init(
    operationsPerSecond: Double? = nil, half: [Double] = noHalf, bytesPerSecond: Double? = nil,
    cachedBytesPerSecond: Double? = nil, cacheBytes: Int = 0, overheadSeconds: Double = 0
  ) {
    self.operationsPerSecond = operationsPerSecond
    self.half = half
    self.bytesPerSecond = bytesPerSecond
    self.cachedBytesPerSecond = cachedBytesPerSecond
    self.cacheBytes = cacheBytes
    self.overheadSeconds = overheadSeconds
  }

  /// Seconds of arithmetic, by the extents where they are known.
  public func arithmeticSeconds(_ work: KernelWork) -> Double {
    guard let operationsPerSecond else { return 0 }
    var operations = Double(work.operations)
    if let extents = work.extents {
      for (extent, half) in zip([extents.rows, extents.columns, extents.depth], half) where extent > 0 {
        operations *= 1 + half / Double(extent)
      }
    }
    return operations / operationsPerSecond
  }

  /// Seconds of moving bytes.
  public func memorySeconds(_ work: KernelWork) -> Double {
    guard let bytesPerSecond else { return 0 }
    guard let cachedBytesPerSecond else { return Double(work.bytesMoved) / bytesPerSecond }
    return Double(min(work.bytesMoved, cacheBytes)) / cachedBytesPerSecond
      + Double(max(0, work.bytesMoved - cacheBytes)) / bytesPerSecond
  }

  /// Seconds of one run.
  public func seconds(_ work: KernelWork) -> Double {
    overheadSeconds + max(arithmeticSeconds(work), memorySeconds(work))
  }
}
