import CSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs another program to its end, under a memory limit if one is planned.
public enum ChildProcess {
  /// The exit code by which a child reports that a reservation was refused: EX_OSERR of sysexits.h.
  public static let reservationRefusedCode: Int32 = 71

  /// Starts the program, passes on its output line by line, and waits for it.
  ///
  /// Blocks this thread.
  ///
  /// - The child reads from `/dev/null`; its standard error is this process's own.
  /// - With a plan it is in the plan's control group before its first instruction, and finds the plan in its
  ///   environment.
  /// - It does not outlive this call: SIGINT, SIGTERM and SIGHUP are passed on while it runs (the second as
  ///   SIGKILL), an error thrown by `onLine` kills it, and so does the end of this process. What it started in
  ///   its process group and left running is killed when it ends.
  ///
  /// - Parameters:
  ///   - executable: a path; `PATH` is not searched.
  ///   - arguments: those after the program's name.
  ///   - environment: nil for this process's own.
  ///   - onLine: called on this thread with every line, without its end, as it arrives; also with a last,
  ///     unfinished one.
  /// - Throws: `ChildProcessError` if it could not be run, and whatever `onLine` throws.
  public static func run(
    executable: String, arguments: [String] = [], environment: [String: String]? = nil, limit: LimitPlan? = nil,
    onLine: (String) throws -> Void = { _ in }
  ) throws -> ChildOutcome {
    var ends: [Int32] = [-1, -1]
    let pipeCode = csystem_pipe(&ends)
    guard pipeCode == 0 else {
      throw ChildProcessError.notStarted(path: executable, stage: "pipe", code: pipeCode)
    }
    defer { close(ends[0]) }

    var slot: Int32 = 0
    guard csystem_forwarding_begin(&slot) == 0 else {
      close(ends[1])
      throw ChildProcessError.tooManyChildren(limit: Int(csystem_max_children))
    }
    let own = (try? ProcessMemory.current())?.resident
    let child: pid_t
    do {
      defer { close(ends[1]) }
      child = try spawn(
        executable, arguments, variables(environment, limit), output: ends[1], group: limit?.group)
    } catch {
      _ = csystem_forwarding_end(slot)
      throw error
    }
    csystem_forwarding_attach(slot, child)

    let lines = Result { try passLines(from: ends[0], of: child, to: onLine) }
    if case .failure = lines { kill(-child, SIGKILL) }
    _ = csystem_has_ended(child, true)
    // Until it is reaped its number cannot be another process's.
    let interruption = csystem_forwarding_end(slot)
    kill(-child, SIGKILL)
    var exit = csystem_exit()
    let code = csystem_reap(child, &exit)
    try lines.get()
    guard code == 0 else { throw ChildProcessError.lost(path: executable, code: code) }

    let usage = limit?.group?.usage()
    return ChildOutcome(
      ending: ChildOutcome.ending(
        code: exit.code, signal: exit.signal, interruption: interruption, isLimited: limit != nil,
        group: usage),
      peakResident: own.flatMap {
        Int(exit.peak_resident_bytes) > $0 + inheritedMargin ? Int(exit.peak_resident_bytes) : nil
      },
      majorFaults: Int(exit.major_faults), group: usage)
  }

  /// How much larger than the parent a child must be for its count to be its own: the parent may grow a little
  /// between the reading and the fork, and both counts may lag (`ProcessMemory`).
  private static let inheritedMargin = 1 << 20

  /// `NAME=value` strings: those of the child, or this process's own, with the plan.
  private static func variables(_ environment: [String: String]?, _ limit: LimitPlan?) -> [String] {
    var variables: [String] = []
    if let environment {
      variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
    } else if var entry = csystem_environment() {
      while let text = entry.pointee {
        variables.append(String(cString: text))
        entry += 1
      }
    }
    let name = LimitPlan.environmentVariable + "="
    variables.removeAll { $0.hasPrefix(name) }  // a plan of this process is not its children's
    if let limit { variables.append(name + limit.encoded) }
    return variables
  }

  private static func spawn(
    _ path: String, _ arguments: [String], _ variables: [String], output: Int32, group: ControlGroup?
  ) throws(ChildProcessError) -> pid_t {
    var child: pid_t = 0
    var stage = csystem_stage_fork
    let procs = group.map { $0.directory + "/cgroup.procs" }
    let code = withCStrings([path] + arguments) { arguments in
      withCStrings(variables) { variables in
        withCStrings([path, procs].compactMap { $0 }) { paths in
          var launch = csystem_launch(
            path: paths[0], arguments: arguments, environment: variables, standard_output: output,
            group_procs: procs == nil ? nil : UnsafePointer(paths[1]))
          return csystem_spawn(&launch, &child, &stage)
        }
      }
    }
    if code == 0 { return child }
    switch stage {
    case csystem_stage_exec where code == ENOENT || code == ENOTDIR || code == EACCES:
      throw .executableMissing(path: path)
    case csystem_stage_exec: throw .notStarted(path: path, stage: "exec", code: code)
    case csystem_stage_group: throw .groupNotEntered(group: group?.directory ?? "", code: code)
    case csystem_stage_streams: throw .notStarted(path: path, stage: "standard streams", code: code)
    default: throw .notStarted(path: path, stage: "fork", code: code)
    }
  }

  /// Reads until the output is closed, or until the child has ended and what it wrote has been read: something
  /// it started may hold the output open for longer.
  private static func passLines(
    from descriptor: Int32, of child: pid_t, to onLine: (String) throws -> Void
  ) throws {
    var block = [UInt8](repeating: 0, count: 65536)
    var unfinished: [UInt8] = []
    var hasEnded = false
    while true {
      var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&request, 1, hasEnded ? 0 : 100)
      if ready < 0 && errno == EINTR { continue }
      if ready == 0 {
        if hasEnded { break }
        hasEnded = csystem_has_ended(child, false)
        continue
      }
      let count = SystemFile.read(descriptor, into: &block)
      if count <= 0 { break }
      unfinished += block[..<count]
      var start = 0
      while let end = unfinished[start...].firstIndex(of: UInt8(ascii: "\n")) {
        try onLine(String(decoding: unfinished[start..<end], as: UTF8.self))
        start = end + 1
      }
      unfinished.removeFirst(start)
    }
    if !unfinished.isEmpty { try onLine(String(decoding: unfinished, as: UTF8.self)) }
  }
}

/// The strings as a C array that ends with NULL, for the duration of `body`.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
  defer { pointers.deallocate() }
  for (index, string) in strings.enumerated() { pointers[index] = strdup(string) }
  pointers[strings.count] = nil
  defer { for index in strings.indices { free(pointers[index]) } }
  return body(pointers)
}
