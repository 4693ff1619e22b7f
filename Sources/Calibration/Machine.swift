import Foundation
import Limits

/// What the system says of the machine, and how quickly its storage reads.
public struct Machine: Sendable {
  public let totalMemoryBytes: Int
  /// What programs could still have without swapping; nil where the system does not say.
  public let availableMemoryBytes: Int?
  /// The processor's name; nil where the system does not say.
  public let processor: String?

  public init() {
    totalMemoryBytes = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    let kibibytes = Self.field("MemAvailable", of: "/proc/meminfo")?.split(separator: " ").first.flatMap {
      Int($0)
    }
    availableMemoryBytes = kibibytes.map { $0 << 10 }
    processor = Self.field("model name", of: "/proc/cpuinfo") ?? Self.field("Model", of: "/proc/cpuinfo")
  }

  /// The value of the first line `name: value` of a file.
  private static func field(_ name: String, of path: String) -> String? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == name {
        return parts[1].trimmingCharacters(in: .whitespaces)
      }
    }
    return nil
  }
}

/// Processor time that other processes took while something was measured.
public struct OtherLoad {
  private let start = Self.busySeconds()
  private let ownStart = Self.ownSeconds()
  private let clock = ContinuousClock.now

  public init() {}

  /// Share of all processors' time so far; nil where the system does not say.
  public func share() -> Double? {
    guard let start, let busy = Self.busySeconds() else { return nil }
    let elapsed = (ContinuousClock.now - clock) / .seconds(1) * Double(ProcessInfo.processInfo.processorCount)
    let others = busy - start - (Self.ownSeconds() - ownStart)
    return elapsed > 0 ? min(max(others / elapsed, 0), 1) : nil
  }

  /// Time in which any processor ran anything or was taken by a hypervisor: proc_stat(5), all columns but idle and iowait.
  private static func busySeconds() -> Double? {
    guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
      let line = text.split(separator: "\n").first, line.hasPrefix("cpu ")
    else { return nil }
    let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
    guard ticks.count == 8 else { return nil }
    return (ticks.reduce(0, +) - ticks[3] - ticks[4]) / Double(max(sysconf(Int32(_SC_CLK_TCK)), 1))
  }

  private static func ownSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}
