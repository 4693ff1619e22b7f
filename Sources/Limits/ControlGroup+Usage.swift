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
    /// Pages, the page cache that the group brought in, and kernel memory: page tables (8 bytes for every 4 KiB touched),
    /// stacks, inodes. Charges are taken in batches of 64 pages a processor, so up to that much may be unused.
    public var peak: Int?
    /// How often the group met its limit, and pages had to be reclaimed.
    public var limitHits: Int?
    /// Processes that the kernel killed because nothing was left to reclaim (v1: since Linux 4.13).
    public var outOfMemoryKills: Int?
    /// Bytes of file pages that were dropped and soon read again. More than the mapped weights says that the group is too
    /// small for them: it does not die, it reads them over and over.
    public var refaultedFileBytes: Int?
  }

  public func usage() -> Usage {
    let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    // Before Linux 5.9 there was one counter for files and, had there been any, anonymous pages.
    let refaults = value("memory.stat", "workingset_refault_file") ?? value("memory.stat", "workingset_refault")
    return switch version {
    case .v1:
      Usage(
        peak: value("memory.max_usage_in_bytes"), limitHits: value("memory.failcnt"),
        outOfMemoryKills: value("memory.oom_control", "oom_kill"),
        refaultedFileBytes: refaults.map { $0 * pageSize })
    case .v2:
      Usage(
        peak: value("memory.peak"), limitHits: value("memory.events", "max"),
        outOfMemoryKills: value("memory.events", "oom_kill"), refaultedFileBytes: refaults.map { $0 * pageSize }
      )
    }
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
