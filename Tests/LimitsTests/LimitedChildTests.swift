import Limits
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A real child under a real limit, for every mechanism that this machine has.
///
/// The probe's own baseline is about 10 MiB; budget and arena are far enough from each other to leave no doubt.
@Suite struct LimitedChildTests {
  static let budget = 96 * mebibyte
  static let small = 48 * mebibyte
  static let large = 192 * mebibyte

  func run(touching bytes: Int, under mechanisms: [LimitMechanism]?) throws -> (probe: Probe, plan: LimitPlan) {
    try LimitPlan.with(budget: Self.budget, mechanisms: mechanisms) { plan in
      (try Probe.run(["touch", "\(bytes)"], limit: plan), plan)
    }
  }

  /// What fits runs to its end, is reported as held, and leaves no group behind.
  func checkSmallFits(_ mechanisms: [LimitMechanism]?) throws {
    let (probe, plan) = try run(touching: Self.small, under: mechanisms)
    #expect(probe.outcome.ending == .exited(code: 0), "\(probe.lines)")
    #expect(probe.number("touched") == Self.small)
    #expect(probe.text("held") == plan.mechanisms.map(\.rawValue).joined(separator: " + "))
    if let group = plan.group { #expect(access(group.directory, F_OK) != 0, "\(group.directory) was left") }
  }

  func checkLargeIsStopped(_ mechanisms: [LimitMechanism]?, by evidence: ChildOutcome.Evidence) throws {
    let (probe, plan) = try run(touching: Self.large, under: mechanisms)
    #expect(probe.outcome.ending == .stoppedByMemoryLimit(evidence), "\(probe.lines)")
    #expect(probe.number("touched") == nil)
    if let group = plan.group { #expect(access(group.directory, F_OK) != 0, "\(group.directory) was left") }
  }

  @Test("RLIMIT_DATA lets an arena below the budget through and refuses one above it at its reservation")
  func dataSegment() throws {
    try checkSmallFits([.dataSegment])
    try checkLargeIsStopped([.dataSegment], by: .reservationRefused)
  }

  @Test("RLIMIT_AS lets an arena below the budget through and refuses one above it at its reservation")
  func addressSpace() throws {
    try checkSmallFits([.addressSpace])
    try checkLargeIsStopped([.addressSpace], by: .reservationRefused)
  }

  @Test(
    "a cgroup v1 lets an arena below the budget through and kills one above it",
    .enabled(if: Available.controlGroupV1 == nil, "\(Available.reason(Available.controlGroupV1))"))
  func controlGroupV1() throws {
    try checkSmallFits([.controlGroupV1])
    try checkLargeIsStopped([.controlGroupV1], by: .outOfMemoryKill)
  }

  @Test(
    "a cgroup v2 lets an arena below the budget through and kills one above it",
    .enabled(if: Available.controlGroupV2 == nil, "\(Available.reason(Available.controlGroupV2))"))
  func controlGroupV2() throws {
    try checkSmallFits([.controlGroupV2])
    try checkLargeIsStopped([.controlGroupV2], by: .outOfMemoryKill)
  }

  @Test("the recommended plan refuses at the reservation, before the group has to kill")
  func recommended() throws {
    try checkSmallFits(nil)
    try checkLargeIsStopped(nil, by: .reservationRefused)
    try LimitPlan.with(budget: Self.budget) { plan in
      #expect(plan.mechanisms == (Available.controlGroup.map { [$0] } ?? []) + [.dataSegment])
    }
  }

  @Test("an arena of the allowance is refused or not within 128 KiB")
  func sharpness() throws {
    let slack = 128 << 10  // what the heap may take or give back between the baseline and the arena
    try LimitPlan.with(budget: Self.budget, mechanisms: [.dataSegment]) { plan in
      let below = try Probe.run(["fill", "\(slack)"], limit: plan)
      #expect(below.outcome.ending == .exited(code: 0), "\(below.lines)")
      let allowance = try #require(below.number("allowance"))
      let baseline = try #require(below.number("baseline"))
      #expect(allowance + baseline == Self.budget)
      #expect(below.number("touched") == allowance - slack)
      let above = try Probe.run(["fill", "-\(slack)"], limit: plan)
      #expect(above.outcome.ending == .stoppedByMemoryLimit(.reservationRefused), "\(above.lines)")
    }
  }

  @Test("a heap that is refused memory ends the child by its limit, any other abort does not")
  func heap() throws {
    try LimitPlan.with(budget: Self.budget, mechanisms: [.dataSegment]) { plan in
      let small = try Probe.run(["hoard", "\(Self.small)"], limit: plan)
      #expect(small.outcome.ending == .exited(code: 0), "\(small.lines)")
      let large = try Probe.run(["hoard", "\(Self.large)"], limit: plan)
      #expect(large.outcome.ending == .stoppedByMemoryLimit(.reservationRefused), "\(large.lines)")
      #expect(large.number("hoarded") == nil)
      let fault = try Probe.run(["abort"], limit: plan)
      #expect(fault.outcome.ending == .signalled(SIGABRT), "\(fault.lines)")
    }
  }

  @Test("mapped weights that count are taken from the arena's allowance, others are not")
  func mappedBytes() throws {
    for counted in [true, false] {
      let probe = try LimitPlan.with(
        budget: Self.budget, mappedBytes: 40 * mebibyte, mappedBytesCounted: counted, mechanisms: [.dataSegment]
      ) { try Probe.run(["touch", "\(60 * mebibyte)"], limit: $0) }
      let expected: ChildOutcome.Ending =
        counted ? .stoppedByMemoryLimit(.reservationRefused) : .exited(code: 0)
      #expect(probe.outcome.ending == expected, "counted: \(counted), \(probe.lines)")
    }
  }

  @Test("a budget below what the runtime uses is refused with the figures")
  func belowBaseline() throws {
    let probe = try LimitPlan.with(budget: mebibyte, mechanisms: [.dataSegment]) {
      try Probe.run(["touch", "4096"], limit: $0)
    }
    #expect(probe.outcome.ending == .exited(code: 70))
    #expect(probe.text("error")?.hasPrefix("a budget of 1048576 bytes leaves nothing for the arena") == true)
  }

  @Test("the peak that the kernel counted is what the child touched, and a little")
  func peak() throws {
    let probe = try run(touching: Self.small, under: [.dataSegment]).probe
    let baseline = try #require(probe.number("baseline"))
    let peak = try #require(probe.number("peak"))
    // Program text that is first used after the baseline, heap, and the lag of the kernel's counters.
    #expect(abs(peak - baseline - Self.small) < 4 * mebibyte, "peak \(peak), baseline \(baseline)")
  }

  @Test(
    "the group's peak covers what the child touched and its page tables",
    .enabled(if: Available.controlGroup != nil, "no control group with a memory controller can be made"))
  func groupPeak() throws {
    let mechanism = try #require(Available.controlGroup)
    let probe = try run(touching: Self.small, under: [mechanism]).probe
    let groupPeak = try #require(probe.outcome.group?.peak)
    let baseline = try #require(probe.number("baseline"))
    let pageTables = Self.small / 512
    // Above: what the runtime had, kernel memory, charges in batches of 64 pages a processor.
    #expect(groupPeak >= Self.small + pageTables)
    #expect(
      groupPeak <= Self.small + pageTables + baseline + 2 * mebibyte, "\(groupPeak), baseline \(baseline)")
    #expect(probe.outcome.group?.outOfMemoryKills == 0)
  }

  @Test(
    "a group too small for the mapped file does not die: it reads the file again and again, and says so",
    .enabled(if: Available.controlGroup != nil, "no control group with a memory controller can be made"))
  func thrashing() throws {
    let mechanism = try #require(Available.controlGroup)
    let path = "\(Probe.path)-thrash-\(getpid())"
    let size = 64 * mebibyte
    try writeFile(path, bytes: size)
    defer { unlink(path) }
    func read(under budget: Int) throws -> (probe: Probe, group: ControlGroup.Usage) {
      try PageCache.drop(path)  // or the pages would be charged to whoever wrote them
      let probe = try LimitPlan.with(budget: budget, mechanisms: [mechanism]) {
        try Probe.run(["touch", "\(64 * mebibyte)", path, "3"], limit: $0)
      }
      #expect(probe.outcome.ending == .exited(code: 0), "\(probe.lines)")
      #expect(probe.number("sum") == 3 * size / 4096)
      return (probe, try #require(probe.outcome.group))
    }
    let roomy = try read(under: 4 * Self.budget)
    // Not none: a busy system, or one that reclaims ahead of need, takes a few pages from anyone.
    #expect(try #require(roomy.group.refaultedFileBytes) < size / 8, "\(roomy.group)")
    let tight = try read(under: Self.budget)
    #expect(try #require(tight.group.peak) > Self.budget - 2 * mebibyte, "\(tight.group)")
    #expect(try #require(tight.group.refaultedFileBytes) > size / 4, "\(tight.group)")
    #expect(tight.probe.outcome.majorFaults > 0)
  }
}
