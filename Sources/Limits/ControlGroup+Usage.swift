#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension ControlGroup {
  /// What the kernel counted for the group; nil where this kernel does not say.
  public struct Usage: Sendable, Equatable {
    /// Bytes charged at most: `memory.peak` (since Linux 5.19) or `memory.max_usage_in_bytes`.
    ///
    /// Pages, the page cache that the group brought in, and kernel memory: page tables (8 bytes for every 4 KiB
    /// touched), stacks, inodes. Charges are taken in batches of 64 pages a processor, so up to that much may
    /// be unused.
    public var peak: Int?
    /// The limit in force; a peak that equals it says that pages had to be reclaimed.
    ///
    /// `memory.failcnt`, which used to count how often, stays 0 in Linux 6.18 where swap is limited too.
    public var limit: Int?
    /// Processes that the kernel killed because nothing was left to reclaim (v1: since Linux 4.13).
    ///
    /// One killed with its whole group (`memory.oom.group`) may be counted twice.
    public var outOfMemoryKills: Int?
    /// Bytes of file pages that were read again soon after they had been dropped, here or in an earlier group.
    ///
    /// As many as the mapped weights have, or more, say that the group is too small for them: it does not die,
    /// it reads them over and over.
    public var refaultedFileBytes: Int?
  }

  public func usage() -> Usage {
    let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    // Before Linux 5.9 there was one counter for files and, had there been any, anonymous pages.
    let refaults = value("memory.stat", "workingset_refault_file") ?? value("memory.stat", "workingset_refault")
    let (peakFile, eventsFile) =
      switch version {
      case .v1: ("memory.max_usage_in_bytes", "memory.oom_control")
      case .v2: ("memory.peak", "memory.events")
      }
    return Usage(
      peak: value(peakFile), limit: limit, outOfMemoryKills: value(eventsFile, "oom_kill"),
      refaultedFileBytes: refaults.map { $0 * pageSize })
  }

  /// The number in a file, or after a key in a file of keys and numbers.
  func value(_ file: String, _ key: String? = nil) -> Int? {
    guard let text = try? SystemFile.read("\(directory)/\(file)") else { return nil }
    guard let key else { return text.split(separator: "\n").first.flatMap { Int($0) } }
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count == 2, fields[0] == key { return Int(fields[1]) }
    }
    return nil
  }
}
