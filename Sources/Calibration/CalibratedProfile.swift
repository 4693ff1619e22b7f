import Devices
import Units

/// A device profile made of measurements, each with how it was made.
public struct CalibratedProfile: Sendable {
  public let profile: DeviceProfile

  /// - Parameters:
  ///   - runtimeBytes: what a training process has resident before it holds a tensor.
  ///   - others: the share of the processors that other processes took while kernels were measured.
  public init(
    identifier: String, title: String, threads: Int, machine: Machine, result: Calibrator.Result,
    storage: StorageMeasurement, runtimeBytes: Int, others: Double?, isQuick: Bool
  ) {
    let reserved = machine.availableMemoryBytes.map { max(0, machine.totalMemoryBytes - $0) }
    let disturbance =
      others.map { "; other processes took \(Quantity.percent($0)) of the processors meanwhile" } ?? ""
    let turns = "\(result.turns) turns, \(Quantity.count(threads, of: "thread"))\(disturbance)"
    let steps = "\(result.steps) training steps of made-up encoders"
    let copied = ByteCount.format(result.copiedBytes)
    profile = DeviceProfile(
      identifier: identifier, title: title, totalMemoryBytes: machine.totalMemoryBytes,
      systemReservedBytes: min(reserved ?? 0, machine.totalMemoryBytes - 1), cleanMappedPagesCount: true,
      cores: threads, memoryBandwidthBytesPerSecond: result.memoryBandwidth, peakFLOPS: result.peakFLOPS,
      storageReadBytesPerSecond: storage.bytesPerSecond,
      runtimeBytes: runtimeBytes, kernels: result.kernels,
      notes: isQuick ? "Measured with --quick: too rough to predict with." : nil,
      sources: [
        .totalMemory: "measured: the memory that the system says it has",
        .systemReserved: reserved == nil
          ? "estimate: the system does not say what is available"
          : "measured: total_memory less MemAvailable in /proc/meminfo while nothing trained",
        .cleanMappedPagesCount: "derived: one pool of memory for everything",
        .cores: "measured: the threads that were measured with",
        .memoryBandwidth:
          "measured: copying \(copied) to another \(copied), reads and writes both counted, the median over \(turns)",
        .peakFLOPS: "measured: the highest rate of any matrix product in \(steps), \(turns)",
        .storageRead: Self.source(storage),
        .runtime:
          "measured: a training process for a BERT-base before its arena, one MiB added, rounded up to a whole one",
        .kernels:
          "measured: the mean time, waiting for a processor left out, of every kernel in \(steps), run by the engine, \(turns); the rates by which these "
          + "times come out best",
      ])
  }

  private static func source(_ storage: StorageMeasurement) -> String {
    let file = "a file of \(ByteCount.format(storage.bytes)), just written, read from start to end"
    return storage.isUncached
      ? "measured: \(file) after the system's cache had dropped it; a cache of the disk or of a hypervisor may have helped"
      : "measured: \(file); the system's cache still held some of it, so storage itself may be slower"
  }
}
