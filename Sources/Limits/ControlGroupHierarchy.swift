/// Where the memory controller is mounted, and where in its tree this process is.
struct ControlGroupHierarchy: Equatable {
  var version: ControlGroup.Version
  /// The directory at the top of what can be seen of the tree.
  var mountPoint: String
  /// The directory of this process's own group, at or below `mountPoint`.
  var ownDirectory: String

  static func ofThisProcess(_ version: ControlGroup.Version) throws(LimitError) -> ControlGroupHierarchy {
    var texts: [String] = []
    for path in ["/proc/self/mountinfo", "/proc/self/cgroup"] {
      do throws(SystemFile.Failure) {
        texts.append(try SystemFile.read(path))
      } catch {
        throw .fileUnreadable(path: path, code: error.code)
      }
    }
    guard let hierarchy = ControlGroupHierarchy(version, mounts: texts[0], groups: texts[1]) else {
      throw .unavailable(mechanism: version.mechanism, reason: "no such hierarchy is mounted")
    }
    return hierarchy
  }

  /// Reads the two tables: proc_pid_mountinfo(5) and cgroups(7), "/proc/pid/cgroup".
  ///
  /// - Returns: nil where no memory controller (v1), or no unified hierarchy (v2), is mounted.
  init?(_ version: ControlGroup.Version, mounts: String, groups: String) {
    // 35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
    var mount: (root: String, point: String)?
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash >= 5, dash + 3 < fields.count else { continue }
      let isMemory =
        switch version {
        case .v1: fields[dash + 1] == "cgroup" && fields[dash + 3].split(separator: ",").contains("memory")
        case .v2: fields[dash + 1] == "cgroup2"
        }
      if isMemory {
        mount = (Self.unescaped(fields[3]), Self.unescaped(fields[4]))
        break
      }
    }
    // 4:memory:/some/group in v1, 0::/some/group in v2.
    var own: Substring?
    for line in groups.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isMemory =
        switch version {
        case .v1: fields[1].split(separator: ",").contains("memory")
        case .v2: fields[0] == "0" && fields[1].isEmpty
        }
      if isMemory { own = fields[2] }
    }
    guard let mount, let own else { return nil }

    self.version = version
    mountPoint = mount.point
    // A container may mount a subtree, whose path is cut from the paths in the table; or see paths of the host,
    // none of which it can reach: what it is given then is its own group, at the mount point.
    let root = mount.root == "/" ? "" : mount.root
    let below = own == root || own.hasPrefix(root + "/") ? own.dropFirst(root.count) : ""
    ownDirectory = below == "/" ? mount.point : mount.point + below
  }

  /// The directories in which a group may be made, the best first.
  ///
  /// In v1 that is the process's own group. In v2 a group with processes cannot have groups with a memory
  /// controller below it ("no internal processes", Documentation/admin-guide/cgroup-v2.rst), so its ancestors
  /// come next; but never beyond a group that has a limit, which would be escaped.
  func parents() -> [String] {
    guard version == .v2 else { return [ownDirectory] }
    var directories = [ownDirectory]
    while let last = directories.last, last != mountPoint, let slash = last.lastIndex(of: "/") {
      guard let limit = try? SystemFile.read(last + "/memory.max"), limit.hasPrefix("max") else { break }
      directories.append(String(last[..<slash]))
    }
    return directories
  }

  /// `\040` and the like, by which the table writes blanks.
  private static func unescaped(_ field: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.count >= 3,
        let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        bytes.append(code)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
