import Testing

@testable import Limits

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct ControlGroupHierarchyTests {
  struct Case: CustomTestStringConvertible {
    var testDescription: String
    var version: ControlGroup.Version
    var mounts: String
    var groups: String
    var mountPoint: String?
    var own: String?
  }

  static let cases = [
    Case(
      testDescription: "v1, below the root", version: .v1,
      mounts: "34 31 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
        + "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory",
      groups: "5:cpu:/x\n4:memory:/a/b\n0::/c", mountPoint: "/sys/fs/cgroup/memory",
      own: "/sys/fs/cgroup/memory/a/b"),
    Case(
      testDescription: "v1, several controllers in one hierarchy, at the root", version: .v1,
      mounts: "35 31 0:32 / /cg rw - cgroup none rw,hugetlb,memory", groups: "4:hugetlb,memory:/",
      mountPoint: "/cg",
      own: "/cg"),
    Case(
      testDescription: "v1, a container that sees its own part", version: .v1,
      mounts: "35 31 0:32 /docker/f00 /cg rw - cgroup none rw,memory", groups: "4:memory:/docker/f00/sub",
      mountPoint: "/cg", own: "/cg/sub"),
    Case(
      testDescription: "v1, a container that sees paths of the host", version: .v1,
      mounts: "35 31 0:32 /docker/f00 /cg rw - cgroup none rw,memory", groups: "4:memory:/docker/f000",
      mountPoint: "/cg", own: "/cg"),
    Case(
      testDescription: "v2", version: .v2,
      mounts: "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate",
      groups: "0::/user.slice/user-1000.slice/run.scope", mountPoint: "/sys/fs/cgroup",
      own: "/sys/fs/cgroup/user.slice/user-1000.slice/run.scope"),
    Case(
      testDescription: "v2, blanks in the mount point and colons in the group", version: .v2,
      mounts: "30 23 0:26 / /my\\040cgroups rw - cgroup2 none rw", groups: "0::/a:b", mountPoint: "/my cgroups",
      own: "/my cgroups/a:b"),
    Case(
      testDescription: "v1 where only v2 is mounted", version: .v1,
      mounts: "30 23 0:26 / /cg rw - cgroup2 none rw",
      groups: "0::/"),
    Case(
      testDescription: "v2 where only v1 is mounted", version: .v2,
      mounts: "35 31 0:32 / /cg rw - cgroup none rw,memory",
      groups: "4:memory:/"),
    Case(testDescription: "nothing mounted", version: .v2, mounts: "", groups: ""),
    Case(
      testDescription: "lines cut short", version: .v2, mounts: "30 23 0:26 / /cg rw - cgroup2", groups: "0:"),
  ]

  @Test("the process's own group is found in the kernel's tables", arguments: cases)
  func tables(example: Case) {
    let found = ControlGroupHierarchy(example.version, mounts: example.mounts, groups: example.groups)
    #expect(found?.mountPoint == example.mountPoint)
    #expect(found?.ownDirectory == example.own)
  }
}

/// A directory tree with the files of a control group: what is written where, and how counts are read, on any
/// machine.
@Suite final class ControlGroupFilesTests {
  let root = "\(Probe.path)-groups-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

  init() throws { try #require(mkdir(root, 0o700) == 0) }
  deinit { _ = try? ChildProcess.run(executable: "/bin/rm", arguments: ["-r", root]) }

  func make(_ path: String, _ text: String) {
    let descriptor = open("\(root)/\(path)", O_CREAT | O_TRUNC | O_WRONLY, 0o600)
    #expect(write(descriptor, text, text.utf8.count) == text.utf8.count)
    close(descriptor)
  }

  @Test("counts are read from the files of either version, and are nil where there is none")
  func usage() {
    let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    make("memory.peak", "5000000\n")
    make("memory.events", "low 0\nhigh 1\nmax 7\noom 3\noom_kill 2\noom_group_kill 1\n")
    make("memory.stat", "anon 10\nworkingset_refault_anon 1\nworkingset_refault_file 11\n")
    make("memory.max", "max\n")
    make("memory.max_usage_in_bytes", "6000000\n")
    make("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n")
    make("memory.limit_in_bytes", "4096\n")
    let v2 = ControlGroup(version: .v2, directory: root)
    let v1 = ControlGroup(version: .v1, directory: root)
    #expect(
      v2.usage()
        == .init(peak: 5_000_000, limit: nil, outOfMemoryKills: 2, refaultedFileBytes: 11 * pageSize))
    #expect(
      v1.usage()
        == .init(peak: 6_000_000, limit: 4096, outOfMemoryKills: 4, refaultedFileBytes: 11 * pageSize))
    #expect(v1.limit == 4096)
    #expect(v2.limit == nil)
    make("memory.stat", "workingset_refault 12\n")
    #expect(v2.usage().refaultedFileBytes == 12 * pageSize)
    let absent = ControlGroup(version: .v2, directory: root + "/absent")
    #expect(absent.usage() == .init(peak: nil, limit: nil, outOfMemoryKills: nil, refaultedFileBytes: nil))
  }

  @Test("a v2 group is sought from the process's own upwards, never past one that has a limit")
  func parents() {
    for path in ["a", "a/b", "a/b/c"] { #expect(mkdir("\(root)/\(path)", 0o700) == 0) }
    func parents(_ version: ControlGroup.Version) -> [String] {
      var hierarchy = ControlGroupHierarchy(
        version, mounts: "1 1 0:1 / / rw - cgroup2 x memory", groups: "0::/")
      if version == .v1 {
        hierarchy = ControlGroupHierarchy(
          version, mounts: "1 1 0:1 / / rw - cgroup x memory", groups: "1:memory:/")
      }
      hierarchy?.mountPoint = root
      hierarchy?.ownDirectory = root + "/a/b/c"
      return (hierarchy?.parents() ?? []).map { String($0.dropFirst(root.count)) }
    }
    #expect(parents(.v1) == ["/a/b/c"])
    #expect(parents(.v2) == ["/a/b/c"])  // memory.max cannot be read: no memory controller
    make("a/b/c/memory.max", "max\n")
    make("a/b/memory.max", "max\n")
    make("a/memory.max", "max\n")
    #expect(parents(.v2) == ["/a/b/c", "/a/b", "/a", ""])
    make("a/b/memory.max", "1000\n")
    #expect(parents(.v2) == ["/a/b/c", "/a/b"])
  }

  @Test("groups of processes that are gone are removed, those of living ones and other names stay")
  func dead() throws {
    // A process that has just ended, and been waited for.
    var gone = ""
    _ = try ChildProcess.run(executable: "/bin/sh", arguments: ["-c", "echo $$"]) { gone = $0 }
    let stays = [
      "permafrost-\(getpid())-0", "permafrost-x-0", "permafrost-", "permafrost--5-0", "other-\(gone)-0",
    ]
    let goes = ["permafrost-\(gone)-0", "permafrost-\(gone)-17"]
    for name in stays + goes { #expect(mkdir("\(root)/\(name)", 0o700) == 0) }
    ControlGroup.removeDead(in: root)
    for name in stays { #expect(access("\(root)/\(name)", F_OK) == 0, "\(name) is gone") }
    for name in goes { #expect(access("\(root)/\(name)", F_OK) != 0, "\(name) is still there") }
    ControlGroup.removeDead(in: root + "/absent")
  }

  @Test("a group that cannot be limited is not left behind")
  func refused() {
    // A plain directory has no memory.max to write to.
    for version in [ControlGroup.Version.v1, .v2] {
      #expect(throws: LimitError.self) { try ControlGroup.create(version, in: root, limit: 1 << 20) }
      // Only an empty directory can be removed.
      #expect(rmdir(root) == 0 && mkdir(root, 0o700) == 0)
    }
  }

  @Test("removing a group twice is no error, and one that cannot be removed is named")
  func removal() throws {
    #expect(mkdir("\(root)/g", 0o700) == 0)
    let group = ControlGroup(version: .v2, directory: "\(root)/g")
    try group.remove()
    try group.remove()
    make("file", "")
    #expect(throws: LimitError.groupNotRemoved(path: root, code: ENOTEMPTY)) {
      try ControlGroup(version: .v2, directory: root).remove()
    }
  }
}
