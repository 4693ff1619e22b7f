import Testing

@testable import Limits

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct ChildProcessTests {
  func shell(_ script: String, environment: [String: String]? = nil) throws -> (
    outcome: ChildOutcome, lines: [String]
  ) {
    var lines: [String] = []
    let outcome = try ChildProcess.run(
      executable: "/bin/sh", arguments: ["-c", script], environment: environment
    ) { lines.append($0) }
    return (outcome, lines)
  }

  @Test("lines come whole and in order, empty ones and an unfinished last one too")
  func lines() throws {
    #expect(try shell("printf 'a\\n\\nb c\\nd'").lines == ["a", "", "b c", "d"])
    #expect(try shell(":").lines == [])
    #expect(try shell("printf '\\303\\251\\n'").lines == ["é"])
    // Longer than the pipe and the block that reads it.
    let long = try shell("head -c 300000 /dev/zero | tr '\\0' x; echo; echo end").lines
    #expect(long.map(\.utf8.count) == [300_000, 3])
  }

  @Test("a line is passed on while the child still runs")
  func streaming() throws {
    // The child ends only when the file that this line makes is there.
    let path = "\(Probe.path)-line-\(getpid())"
    defer { unlink(path) }
    let outcome = try ChildProcess.run(
      executable: "/bin/sh",
      arguments: [
        "-c", "echo go; n=0; while [ ! -e \"$0\" ]; do n=$((n+1)); [ $n -gt 1000 ] && exit 9; sleep 0.01; done",
        path,
      ]
    ) { line in if line == "go" { close(open(path, O_CREAT, 0o600)) } }
    #expect(outcome.ending == .exited(code: 0))
  }

  @Test("exit codes and signals are told apart")
  func endings() throws {
    #expect(try shell("exit 0").outcome.ending == .exited(code: 0))
    #expect(try shell("exit 3").outcome.ending == .exited(code: 3))
    #expect(try shell("kill -TERM $$").outcome.ending == .signalled(SIGTERM))
    // Without a limit neither of these is evidence of one.
    #expect(try shell("kill -KILL $$").outcome.ending == .signalled(SIGKILL))
    #expect(try shell("exit 71").outcome.ending == .exited(code: 71))
  }

  @Test("the child gets the environment it is given, or this process's own")
  func environment() throws {
    #expect(try shell("echo $A", environment: ["A": "b=c d"]).lines == ["b=c d"])
    #expect(try shell("echo ${PATH:-none}", environment: ["PATH": ""]).lines == ["none"])
    #expect(setenv("PERMAFROST_TEST_INHERITED", "yes", 1) == 0)
    #expect(try shell("echo $PERMAFROST_TEST_INHERITED").lines == ["yes"])
  }

  @Test("the child's standard input is empty, not this process's own")
  func standardInput() throws {
    #expect(try shell("cat; echo done").lines == ["done"])
  }

  @Test("a missing executable is a typed error, and so is one that cannot be executed")
  func missingExecutable() {
    for path in ["/nonexistent/program", "/dev/null", "program-without-a-path", ""] {
      #expect(throws: ChildProcessError.executableMissing(path: path)) {
        try ChildProcess.run(executable: path)
      }
    }
  }

  @Test("a group that is gone is a typed error, and nothing is started")
  func missingGroup() throws {
    let group = ControlGroup(version: .v2, directory: "/nonexistent/group")
    let plan = LimitPlan(budget: 1, mappedBytes: 0, mappedBytesCounted: true, group: group, resourceLimits: [])
    #expect(throws: ChildProcessError.groupNotEntered(group: group.directory, code: ENOENT)) {
      try ChildProcess.run(executable: "/bin/sh", arguments: ["-c", "exit 0"], limit: plan)
    }
  }

  @Test("an error thrown for a line ends the child and is passed on")
  func throwingLine() throws {
    struct Stop: Error {}
    var pid: pid_t = 0
    #expect(throws: Stop.self) {
      try ChildProcess.run(executable: "/bin/sh", arguments: ["-c", "echo $$; exec sleep 60"]) { line in
        pid = pid_t(line) ?? 0
        throw Stop()
      }
    }
    #expect(pid > 0)
    #expect(kill(pid, 0) != 0 && errno == ESRCH)  // not even a zombie
  }

  @Test("what the child leaves running does not hold up the call, and is ended")
  func stragglers() throws {
    let (outcome, lines) = try shell("sleep 60 & echo $!")
    #expect(outcome.ending == .exited(code: 0))
    let straggler = try #require(lines.first.flatMap { pid_t($0) })
    #expect(eventually { !isRunning(straggler) })
  }

  @Test("many children at once keep their lines apart")
  func concurrent() async throws {
    try await withThrowingTaskGroup(of: (Int, [String]).self) { group in
      for number in 0..<16 {
        group.addTask { (number, try self.shell("echo \(number); echo \(number)").lines) }
      }
      for try await (number, lines) in group { #expect(lines == ["\(number)", "\(number)"]) }
    }
  }

  @Test("SIGTERM and SIGINT to the parent end the child and remove its group", arguments: [SIGTERM, SIGINT])
  func interruption(signal: Int32) throws {
    var supervisor: pid_t = 0
    var child: pid_t = 0
    // 300 MiB: enough for the shell; only the group matters.
    let probe = try Probe.run(["supervise", "\(300 * mebibyte)"]) { line in
      if line.hasPrefix("supervisor ") { supervisor = pid_t(line.dropFirst(11)) ?? 0 }
      if line.hasPrefix("child ") {
        child = pid_t(line.dropFirst(6)) ?? 0
        kill(supervisor, signal)
      }
    }
    #expect(probe.text("ending") == "\(ChildOutcome.Ending.interrupted(signal))")
    #expect(child > 0 && kill(child, 0) != 0 && errno == ESRCH)
    if let group = probe.text("group") { #expect(access(group, F_OK) != 0, "\(group) was left") }
  }

  @Test("killing the parent ends the child, and the next run removes its group")
  func killedParent() throws {
    var supervisor: pid_t = 0
    var child: pid_t = 0
    let probe = try Probe.run(["supervise", "\(300 * mebibyte)"]) { line in
      if line.hasPrefix("supervisor ") { supervisor = pid_t(line.dropFirst(11)) ?? 0 }
      if line.hasPrefix("child ") {
        child = pid_t(line.dropFirst(6)) ?? 0
        kill(supervisor, SIGKILL)
      }
    }
    #expect(probe.outcome.ending == .signalled(SIGKILL))
    #expect(child > 0 && eventually { !isRunning(child) })
    if let group = probe.text("group") {
      let parent = String(group.prefix(upTo: try #require(group.lastIndex(of: "/"))))
      #expect(
        eventually {
          ControlGroup.removeDead(in: parent)
          return access(group, F_OK) != 0
        }, "\(group) was left")
    }
  }

  @Test("the peak of a child smaller than this process is not claimed to be its own")
  func hiddenPeak() throws {
    let own = try AnonymousMapping(bytes: 64 * mebibyte)
    for offset in stride(from: 0, to: own.bytes.count, by: 4096) { own.bytes[offset] = 1 }
    #expect(try shell("exit 0").outcome.peakResident == nil)
    let larger = try ProcessMemory.current().resident + 64 * mebibyte
    let peak = try #require(try Probe.run(["touch", "\(larger)"]).outcome.peakResident)
    #expect((larger...(larger + 32 * mebibyte)).contains(peak))
    own.release()
  }

  @Test("every combination of code, signal and counts has the ending that its evidence supports")
  func evidence() {
    let kills = ControlGroup.Usage(peak: nil, limit: nil, outOfMemoryKills: 2, refaultedFileBytes: nil)
    let none = ControlGroup.Usage(peak: nil, limit: nil, outOfMemoryKills: 0, refaultedFileBytes: nil)
    let silent = ControlGroup.Usage(peak: nil, limit: nil, outOfMemoryKills: nil, refaultedFileBytes: nil)
    func ending(
      _ code: Int32, _ signal: Int32, _ interruption: Int32, _ limited: Bool, _ group: ControlGroup.Usage?
    )
      -> ChildOutcome.Ending
    {
      ChildOutcome.ending(
        code: code, signal: signal, interruption: interruption, isLimited: limited, group: group)
    }
    #expect(ending(-1, SIGKILL, 0, true, kills) == .stoppedByMemoryLimit(.outOfMemoryKill))
    #expect(ending(-1, SIGKILL, 0, true, none) == .signalled(SIGKILL))
    #expect(ending(-1, SIGKILL, 0, true, silent) == .signalled(SIGKILL))
    #expect(ending(-1, SIGKILL, 0, true, nil) == .signalled(SIGKILL))
    #expect(ending(-1, SIGSEGV, 0, true, kills) == .signalled(SIGSEGV))
    #expect(ending(71, 0, 0, true, none) == .stoppedByMemoryLimit(.reservationRefused))
    #expect(ending(71, 0, 0, false, nil) == .exited(code: 71))
    #expect(ending(0, 0, SIGINT, true, none) == .interrupted(SIGINT))
    #expect(ending(-1, SIGINT, SIGINT, true, none) == .interrupted(SIGINT))
    // A second signal arrives as SIGKILL, which is no evidence of the limit.
    #expect(ending(-1, SIGKILL, SIGINT, true, none) == .interrupted(SIGINT))
    #expect(ending(-1, SIGKILL, SIGINT, true, kills) == .stoppedByMemoryLimit(.outOfMemoryKill))
    #expect(ending(0, 0, 0, true, kills) == .exited(code: 0))
  }
}
