/// How one child process will be held to a budget: prepared by the parent, applied by the child.
///
///     // parent
///     let outcome = try LimitPlan.with(budget: budget, mappedBytes: weights) { plan in
///       try ChildProcess.run(executable: path, arguments: ["train"], limit: plan)
///     }
///     // child, when its libraries and threads are up, before it maps weights or reserves its arena
///     let held = try LimitPlan.fromEnvironment()?.applyToSelf()
///
/// With B the budget, M the mapped weights, R what the runtime has resident when the child applies the plan:
///
/// | | mapped weights count | they do not |
/// |---|---|---|
/// | control group, from the exec on | B | B + M |
/// | left for the arena (A) | B − R − M | B − R |
/// | `RLIMIT_DATA` | `VmData` + A | `VmData` + A |
/// | `RLIMIT_AS` | `VmSize` + A + M | `VmSize` + A + M |
///
/// Where mapped weights do not count, neither do the runtime's own clean file pages: R is then anonymous and
/// shared memory only. The recommended plan has a control group and `RLIMIT_DATA`, because each lacks what the
/// other has. The group sees everything, but reclaims mapped weights before it kills, so an arena that is too
/// large may only make training slow. `RLIMIT_DATA` refuses such an arena at once, but sees neither files nor
/// the kernel's own memory.
public struct LimitPlan: Sendable, Equatable {
  /// Bytes that the whole process may use: runtime, arena, and mapped weights where they count.
  public let budget: Int
  /// Bytes of read-only file mappings that the child will use.
  public let mappedBytes: Int
  /// Whether the device counts clean mapped pages as used.
  public let mappedBytesCounted: Bool
  /// The group that the child is started in.
  public let group: ControlGroup?
  /// `RLIMIT_DATA`, `RLIMIT_AS`: set by the child.
  public let resourceLimits: [LimitMechanism]

  /// The mechanisms in force while the child runs.
  public var mechanisms: [LimitMechanism] { (group.map { [$0.version.mechanism] } ?? []) + resourceLimits }

  /// Prepares a plan, hands it to `body`, and removes its group, whatever `body` does.
  ///
  /// - Parameter mechanisms: those to use, all of them; nil for the best group available, if any, with
  ///   `RLIMIT_DATA`.
  /// - Throws: what `prepare` and `body` throw, and `LimitError.groupNotRemoved`.
  public static func with<Result>(
    budget: Int, mappedBytes: Int = 0, mappedBytesCounted: Bool = true, mechanisms: [LimitMechanism]? = nil,
    _ body: (LimitPlan) throws -> Result
  ) throws -> Result {
    let plan = try prepare(
      budget: budget, mappedBytes: mappedBytes, mappedBytesCounted: mappedBytesCounted, mechanisms: mechanisms)
    let result: Result
    do {
      result = try body(plan)
    } catch {
      try? plan.group?.remove()  // the first error is the one to report
      throw error
    }
    try plan.group?.remove()
    return result
  }

  /// Makes the group, if there is to be one; the caller removes it.
  ///
  /// - Throws: `LimitError.invalidPlan` for figures that cannot be, `.unavailable` or `.groupFileRefused` for a
  ///   mechanism that was asked for and cannot be had.
  public static func prepare(
    budget: Int, mappedBytes: Int = 0, mappedBytesCounted: Bool = true, mechanisms: [LimitMechanism]? = nil
  ) throws(LimitError) -> LimitPlan {
    try checkFigures(budget: budget, mappedBytes: mappedBytes)
    let groupLimit = budget + (mappedBytesCounted ? 0 : mappedBytes)
    var group: ControlGroup?
    if let mechanisms {
      let versions = Set(mechanisms.compactMap(\.controlGroup))
      guard versions.count <= 1 else {
        throw .invalidPlan(reason: "a child can be in one kind of control group only")
      }
      guard !mechanisms.isEmpty else {
        throw .invalidPlan(reason: "no mechanism was named; name one or leave it open")
      }
      if let version = versions.first { group = try .create(version, limit: groupLimit) }
    } else {
      group = (try? .create(.v2, limit: groupLimit)) ?? (try? .create(.v1, limit: groupLimit))
    }
    let wanted = mechanisms ?? [.dataSegment]
    return LimitPlan(
      budget: budget, mappedBytes: mappedBytes, mappedBytesCounted: mappedBytesCounted, group: group,
      resourceLimits: LimitMechanism.allCases.filter { $0.controlGroup == nil && wanted.contains($0) })
  }

  /// More bytes than any machine has; sums of a few such figures still fit an `Int`.
  static let largest = 1 << 60

  static func checkFigures(budget: Int, mappedBytes: Int) throws(LimitError) {
    guard (1...largest).contains(budget), (0...largest).contains(mappedBytes) else {
      throw .invalidPlan(reason: "a budget of \(budget) bytes with \(mappedBytes) bytes mapped is not possible")
    }
  }
}
