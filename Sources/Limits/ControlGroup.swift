#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A control group of our own with a memory limit and no swap, for one child process.
///
/// It is a directory, `permafrost-PID-N`, named for the process that made it, so that what a crashed run left
/// behind is found and removed by the next.
public struct ControlGroup: Sendable, Hashable {
  public enum Version: String, Sendable, Hashable {
    case v1
    case v2

    var mechanism: LimitMechanism {
      switch self {
      case .v1: .controlGroupV1
      case .v2: .controlGroupV2
      }
    }
    var limitFile: String {
      switch self {
      case .v1: "memory.limit_in_bytes"
      case .v2: "memory.max"
      }
    }
  }

  public let version: Version
  public let directory: String

  private static let prefix = "permafrost-"

  /// Makes a group below this process's own (see `ControlGroupHierarchy.parents`), after removing dead ones
  /// there.
  ///
  /// - Throws: `LimitError.unavailable` where no group can be made, `.groupFileRefused` where it cannot be
  ///   limited.
  static func create(_ version: Version, limit: Int) throws(LimitError) -> ControlGroup {
    let hierarchy = try ControlGroupHierarchy.ofThisProcess(version)
    var obstacles: [String] = []
    for parent in hierarchy.parents() {
      if let obstacle = obstacle(in: parent, version, enabling: parent == hierarchy.ownDirectory) {
        obstacles.append(obstacle)
        continue
      }
      removeDead(in: parent)
      return try create(version, in: parent, limit: limit)
    }
    throw .unavailable(mechanism: version.mechanism, reason: obstacles.joined(separator: "; "))
  }

  /// Why no group with a memory controller can be made in `parent`, or nil.
  private static func obstacle(in parent: String, _ version: Version, enabling: Bool) -> String? {
    if version == .v2 {
      let controllers = (try? SystemFile.read(parent + "/cgroup.controllers")) ?? ""
      guard controllers.split(whereSeparator: \.isWhitespace).contains("memory") else {
        return "\(parent) has no memory controller"
      }
      let enabled = (try? SystemFile.read(parent + "/cgroup.subtree_control")) ?? ""
      if !enabled.split(whereSeparator: \.isWhitespace).contains("memory") {
        // Ancestors belong to whoever made them: used as they are, not changed.
        guard enabling else { return "\(parent) does not pass the memory controller on" }
        do throws(SystemFile.Failure) {
          try SystemFile.write("+memory", to: parent + "/cgroup.subtree_control")
        } catch {
          return "\(parent) cannot pass the memory controller on: \(errorText(error.code))"
        }
      }
    }
    // Moving a process also takes the right to write the common ancestor's cgroup.procs.
    for path in [parent, parent + "/cgroup.procs"] where access(path, W_OK) != 0 {
      return "\(path) is not writable: \(errorText(errno))"
    }
    return nil
  }

  /// Makes the directory and writes the limits; leaves nothing behind on failure.
  static func create(_ version: Version, in parent: String, limit: Int) throws(LimitError) -> ControlGroup {
    var directory = ""
    repeat {
      // Never the name of a group that was removed: whoever had it may still look for it.
      directory = "\(parent)/\(prefix)\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
      if mkdir(directory, 0o755) == 0 { break }
      guard errno == EEXIST else { throw .groupFileRefused(path: directory, code: errno) }
    } while true

    let group = ControlGroup(version: version, directory: directory)
    do throws(LimitError) {
      try group.write("\(limit)", to: version.limitFile)
      // No swap, or the limit would hold resident pages only. Where the kernel does not account for swap, the
      // file is missing, and not swapping out is the next best.
      switch version {
      case .v1:
        if group.has("memory.memsw.limit_in_bytes") {
          try group.write("\(limit)", to: "memory.memsw.limit_in_bytes")
        } else {
          try group.write("0", to: "memory.swappiness")
        }
      case .v2:
        if group.has("memory.swap.max") { try group.write("0", to: "memory.swap.max") }
        // A child that started helpers goes as a whole.
        if group.has("memory.oom.group") { try group.write("1", to: "memory.oom.group") }
      }
      return group
    } catch {
      rmdir(directory)
      throw error
    }
  }

  /// Removes the groups of processes that are gone.
  ///
  /// One that still has processes is left: it cannot be removed.
  static func removeDead(in parent: String) {
    guard let listing = opendir(parent) else { return }
    defer { closedir(listing) }
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      guard name.hasPrefix(prefix), let pid = name.dropFirst(prefix.count).split(separator: "-").first,
        let pid = pid_t(pid), pid > 0, kill(pid, 0) != 0, errno == ESRCH
      else { continue }
      rmdir("\(parent)/\(name)")
    }
  }

  /// Ends whatever still runs in the group and removes it.
  ///
  /// Removing it again does nothing.
  ///
  /// - Throws: `LimitError.groupNotRemoved` if it is still busy after two seconds.
  public func remove() throws(LimitError) {
    for _ in 0..<200 {
      if rmdir(directory) == 0 || errno == ENOENT { return }
      guard errno == EBUSY else { break }
      for line in ((try? SystemFile.read(directory + "/cgroup.procs")) ?? "").split(separator: "\n") {
        if let pid = pid_t(line), pid > 0 { kill(pid, SIGKILL) }
      }
      usleep(10_000)  // a killed process leaves its group when its memory has been torn down
    }
    throw .groupNotRemoved(path: directory, code: errno)
  }

  /// The limit in force, which the kernel rounds down to whole pages; nil if it cannot be read.
  public var limit: Int? { value("\(version.limitFile)") }

  /// Whether this process is in the group.
  ///
  /// - Throws: `LimitError.notInGroup` if it is in another.
  func requireMembership() throws(LimitError) {
    let own = try ControlGroupHierarchy.ofThisProcess(version).ownDirectory
    guard own == directory else { throw .notInGroup(expected: directory, actual: own) }
  }

  private func has(_ file: String) -> Bool { access("\(directory)/\(file)", F_OK) == 0 }

  private func write(_ text: String, to file: String) throws(LimitError) {
    do throws(SystemFile.Failure) {
      try SystemFile.write(text, to: "\(directory)/\(file)")
    } catch {
      throw .groupFileRefused(path: "\(directory)/\(file)", code: error.code)
    }
  }
}
