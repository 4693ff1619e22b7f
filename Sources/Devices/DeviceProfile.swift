/// What a device offers to a training process: memory and its limits, and the rates a time estimate needs.
///
/// Memory is in exact bytes, rates per second. Each figure has a source in `sources`: the document it comes from, the
/// formula that gives it, or the plain word that it is an estimate.
public struct DeviceProfile: Codable, Hashable, Sendable {
  /// The name to load it by: the stem of its file.
  public let identifier: String
  /// The name people know it by.
  public let title: String
  /// All memory the device has.
  public let totalMemoryBytes: Int
  /// What firmware, operating system and usual services keep of it.
  public let systemReservedBytes: Int
  /// The most that the system lets one process have, where there is such a limit.
  public let perProcessLimitBytes: Int?
  /// Whether clean pages of files mapped read-only, such as frozen weights, have to fit the budget.
  ///
  /// True where all memory is shared with everything else that is resident; false where such pages are outside the
  /// limit (iOS) or in flash memory that the processor reads in place (microcontrollers).
  public let cleanMappedPagesCount: Bool
  /// The processor cores that peak and bandwidth are given for.
  public let cores: Int
  /// The rate at which the cores read and write main memory, reads and writes both counted.
  public let memoryBandwidthBytesPerSecond: Double
  /// Single-precision operations per second of all cores at their dense peak, a fused multiply-add counted as two.
  public let peakFLOPS: Double
  /// The rate of sequential reads from storage.
  public let storageReadBytesPerSecond: Double
  /// What the whole device draws while all cores compute.
  public let activePowerWatts: Double?
  /// Measured resident bytes of the training program itself, before it holds any tensor.
  public let runtimeBytes: Int?
  /// How quick kernels are, by the names of their classes; empty where nobody measured them.
  public let kernels: [String: KernelRate]
  /// What else a user should know.
  public let notes: String?
  /// Where each figure comes from.
  public let sources: [Field: String]

  /// Makes a profile from figures that are already checked; profiles are normally loaded by `DeviceCatalogue`.
  public init(
    identifier: String, title: String, totalMemoryBytes: Int, systemReservedBytes: Int,
    perProcessLimitBytes: Int? = nil, cleanMappedPagesCount: Bool, cores: Int,
    memoryBandwidthBytesPerSecond: Double, peakFLOPS: Double, storageReadBytesPerSecond: Double,
    activePowerWatts: Double? = nil, runtimeBytes: Int? = nil, kernels: [String: KernelRate] = [:],
    notes: String? = nil,
    sources: [Field: String] = [:]
  ) {
    self.identifier = identifier
    self.title = title
    self.totalMemoryBytes = totalMemoryBytes
    self.systemReservedBytes = systemReservedBytes
    self.perProcessLimitBytes = perProcessLimitBytes
    self.cleanMappedPagesCount = cleanMappedPagesCount
    self.cores = cores
    self.memoryBandwidthBytesPerSecond = memoryBandwidthBytesPerSecond
    self.peakFLOPS = peakFLOPS
    self.storageReadBytesPerSecond = storageReadBytesPerSecond
    self.activePowerWatts = activePowerWatts
    self.runtimeBytes = runtimeBytes
    self.kernels = kernels
    self.notes = notes
    self.sources = sources
  }

  /// The bytes a training process may use: min(per-process limit, total − reserved), and never below zero.
  public var budgetBytes: Int {
    let (available, overflow) = totalMemoryBytes.subtractingReportingOverflow(systemReservedBytes)
    return max(0, min(perProcessLimitBytes ?? .max, overflow ? 0 : available))
  }

  /// The figures of a profile, by their names in its file.
  public enum Field: String, Codable, CodingKeyRepresentable, CaseIterable, Sendable {
    case totalMemory = "total_memory"
    case systemReserved = "system_reserved"
    case perProcessLimit = "per_process_limit"
    case cleanMappedPagesCount = "clean_mapped_pages_count"
    case cores
    case memoryBandwidth = "memory_bandwidth"
    case peakFLOPS = "peak_flops"
    case storageRead = "storage_read"
    case activePower = "active_power"
    case runtime
    case kernels
  }
}
