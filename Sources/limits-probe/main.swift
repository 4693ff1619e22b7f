// A child for the tests of Limits. It applies the plan that it was started with, uses memory as its arguments
// say, and prints what it sees of itself as `name value` lines.
//
//   limits-probe touch BYTES [FILE ROUNDS]   touch BYTES of an arena; read every page of a mapped file, ROUNDS times
//   limits-probe fill SLACK                  touch an arena of the plan's allowance less SLACK
//   limits-probe nudge BYTES STEP            touch one page in every STEP bytes of an arena, and print its residency
//   limits-probe peak BYTES                  touch and release an arena, then forget the peak
//   limits-probe hoard BYTES                 allocate BYTES of the heap in small objects that Swift cannot do without
//   limits-probe abort                       end by an abort that no allocation caused
//   limits-probe supervise BUDGET            run a child of its own that sleeps, under a budget

import Limits

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Unbuffered, so that the test sees a line before this process is killed.
func say(_ name: String, _ value: some CustomStringConvertible) {
  var line = "\(name) \(value)\n"
  _ = line.withUTF8 { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}

func number(_ index: Int) -> Int { CommandLine.arguments.dropFirst(index).first.flatMap { Int($0) } ?? 0 }

func applyPlan() throws -> HeldLimits? {
  guard let held = try LimitPlan.fromEnvironment()?.applyToSelf() else { return nil }
  say("held", held)
  for limit in held.limits { say(limit.mechanism == .dataSegment ? "data-limit" : "limit", limit.bytes) }
  say("baseline", held.baseline.resident)
  say("allowance", held.allowance)
  return held
}

func sayMemory() throws {
  let memory = try ProcessMemory.current()
  say("peak", memory.peakResident)
  say("resident", memory.resident)
  say("anonymous", memory.anonymous)
  say("file", memory.file)
}

func readAll(_ path: String, rounds: Int) {
  let descriptor = open(path, O_RDONLY)
  var status = stat()
  guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_size > 0 else { exit(66) }
  let size = Int(status.st_size)
  guard let base = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), base != MAP_FAILED else { exit(66) }
  var sum = 0
  for _ in 0..<rounds {
    for offset in stride(from: 0, to: size, by: 4096) {
      sum &+= Int(base.load(fromByteOffset: offset, as: UInt8.self))
    }
  }
  say("sum", sum)
}

func touch() throws {
  let held = try applyPlan()
  let fills = CommandLine.arguments[1] == "fill"
  let arena = try AnonymousMapping(bytes: fills ? (held?.allowance ?? 0) - number(2) : number(2))
  say("reserved", arena.bytes.count)
  for offset in stride(from: 0, to: arena.bytes.count, by: 4096) { arena.bytes[offset] = 1 }
  if CommandLine.arguments.count > 4 { readAll(CommandLine.arguments[3], rounds: number(4)) }
  try sayMemory()
  say("touched", arena.bytes.count)
}

func nudge() throws {
  let before = try ProcessMemory.current()
  let arena = try AnonymousMapping(bytes: number(2))
  for offset in stride(from: 0, to: arena.bytes.count, by: number(3)) { arena.bytes[offset] = 1 }
  let after = try ProcessMemory.current()
  say("anonymous", after.anonymous - before.anonymous)
  guard let base = arena.bytes.baseAddress else { return }
  say("residency", try PageResidency.of(base, length: arena.bytes.count).residentBytes)
  arena.release()
}

func peak() throws {
  let arena = try AnonymousMapping(bytes: number(2))
  for offset in stride(from: 0, to: arena.bytes.count, by: 4096) { arena.bytes[offset] = 1 }
  arena.release()
  try sayMemory()
  say("rusage", ProcessMemory.peakByResourceUsage() ?? -1)
  say("reset", ProcessMemory.resetPeak())
  say("forgotten", try ProcessMemory.current().peakResident)
}

func hoard() throws {
  _ = try applyPlan()
  var hoard: [[UInt8]] = []
  for _ in 0..<number(2) / 1024 { hoard.append([UInt8](repeating: 1, count: 1024)) }
  say("hoarded", hoard.count * 1024)
}

func supervise() throws {
  say("supervisor", getpid())
  let outcome = try LimitPlan.with(budget: number(2)) { plan in
    if let group = plan.group { say("group", group.directory) }
    return try ChildProcess.run(
      executable: "/bin/sh", arguments: ["-c", "echo $$; exec sleep 60"], limit: plan
    ) { line in say("child", line) }
  }
  say("ending", outcome.ending)
}

do {
  switch CommandLine.arguments.dropFirst().first {
  case "touch", "fill": try touch()
  case "nudge": try nudge()
  case "peak": try peak()
  case "hoard": try hoard()
  case "abort":
    _ = try applyPlan()
    abort()
  case "supervise": try supervise()
  default: exit(64)
  }
} catch LimitError.reservationRefused(let bytes, _) {
  say("refused", bytes)
  exit(ChildProcess.reservationRefusedCode)
} catch {
  say("error", "\(error)")
  exit(70)
}
