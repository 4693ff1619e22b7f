import Testing

@testable import Limits

@Suite struct LimitPlanTests {
  @Test("a plan survives its way through the environment")
  func roundTrip() throws {
    let groups: [ControlGroup?] = [
      nil, ControlGroup(version: .v1, directory: "/sys/fs/cgroup/memory/a b:c"),
      ControlGroup(version: .v2, directory: "/sys/fs/cgroup/x"),
    ]
    let limits: [[LimitMechanism]] = [[], [.dataSegment], [.addressSpace], [.dataSegment, .addressSpace]]
    for group in groups {
      for resourceLimits in limits {
        for counted in [false, true] {
          let plan = LimitPlan(
            budget: 123_456_789, mappedBytes: 4242, mappedBytesCounted: counted, group: group,
            resourceLimits: resourceLimits)
          #expect(try LimitPlan(encoded: plan.encoded) == plan)
        }
      }
    }
  }

  @Test(
    "text that is not a plan is refused, not guessed at",
    arguments: [
      "", "1", "1 100", "1 100 0 counted RLIMIT_DATA", "2 100 0 counted RLIMIT_DATA ",
      "1 0 0 counted RLIMIT_DATA ",
      "1 -5 0 counted RLIMIT_DATA ", "1 100 -1 counted RLIMIT_DATA ", "1 1e9 0 counted RLIMIT_DATA ",
      "1 100 0 maybe RLIMIT_DATA ", "1 100 0 counted RLIMIT_STACK ", "1 100 0 counted RLIMIT_DATA v3:/a",
      "1 100 0 counted RLIMIT_DATA /a", "1 9223372036854775807 0 counted RLIMIT_DATA ",
      "1 99999999999999999999 0 counted RLIMIT_DATA ",
    ])
  func malformed(text: String) {
    #expect {
      try LimitPlan(encoded: text)
    } throws: { error in
      if case LimitError.invalidPlan = error { true } else { false }
    }
  }

  @Test("figures and mechanisms that cannot be are refused before anything is made")
  func impossible() {
    for (budget, mapped) in [(0, 0), (-1, 0), (1, -1), (Int.max, 0), (1, Int.max)] {
      #expect(throws: LimitError.self) {
        try LimitPlan.prepare(budget: budget, mappedBytes: mapped, mechanisms: [.dataSegment])
      }
    }
    #expect(throws: LimitError.self) { try LimitPlan.prepare(budget: 1, mechanisms: []) }
    #expect(throws: LimitError.self) {
      try LimitPlan.prepare(budget: 1, mechanisms: [.controlGroupV1, .controlGroupV2])
    }
  }

  @Test("resource limits are in order of preference, whatever the order they were asked for in")
  func order() throws {
    let plan = try LimitPlan.prepare(budget: 1, mechanisms: [.addressSpace, .dataSegment, .addressSpace])
    #expect(plan.mechanisms == [.dataSegment, .addressSpace])
    #expect(plan.group == nil)
  }

  @Test("every error says in one line what happened")
  func descriptions() {
    let errors: [LimitError] = [
      .fileUnreadable(path: "/p", code: 2), .fieldMissing(path: "/p", field: "VmRSS:"),
      .invalidLength(bytes: -1),
      .residencyUnknown(bytes: 1, code: 12), .reservationRefused(bytes: 1, code: 12), .invalidPlan(reason: "r"),
      .unavailable(mechanism: .dataSegment, reason: "r"), .groupFileRefused(path: "/p", code: 13),
      .groupNotRemoved(path: "/p", code: 16), .notInGroup(expected: "/a", actual: "/b"),
      .budgetBelowBaseline(budget: 1, baseline: 2, mapped: 3),
      .resourceLimitRefused(mechanism: .dataSegment, bytes: 1, code: 1),
      .notEnforced(mechanism: .addressSpace, bytes: 1),
    ]
    for error in errors {
      #expect(!error.description.contains("\n"))
      #expect(error.description.count > 20)
    }
    #expect(Set(errors.map(\.description)).count == errors.count)
  }
}
