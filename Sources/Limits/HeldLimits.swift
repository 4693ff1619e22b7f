import CSystem

/// The limits that hold this process, as read back from the kernel, not as asked for.
public struct HeldLimits: Sendable, Equatable, CustomStringConvertible {
  public struct Limit: Sendable, Equatable {
    public var mechanism: LimitMechanism
    public var bytes: Int
  }

  public var limits: [Limit]
  /// What the process used when the limits were set.
  public var baseline: ProcessMemory
  /// Bytes left for the arena and for everything else that is not resident yet.
  public var allowance: Int

  /// What held, for `limit_enforced_by`: `cgroup v1 memory.limit_in_bytes + RLIMIT_DATA`.
  public var description: String { limits.map(\.mechanism.rawValue).joined(separator: " + ") }
}

extension LimitPlan {
  /// Holds this process to the plan, for good: hard limits are set too.
  ///
  /// Swift aborts where the heap is refused memory; from here on the process exits with `ChildProcess.reservationRefusedCode` instead.
  ///
  /// Call it when libraries and threads are up, before mapping weights and reserving the arena: what is there
  /// already is the baseline. Threads started later reserve their stacks, 8 MiB each, out of the allowance;
  /// their number times that belongs in `untouchedReservations` if it cannot be helped.
  ///
  /// - Parameters:
  ///   - baselineResident: bytes to hold for the runtime; nil for what is resident now.
  ///   - untouchedReservations: writable address space that will be reserved later and hardly touched.
  /// - Throws: `LimitError.notInGroup` if the process was not started in the plan's group,
  ///   `.budgetBelowBaseline` if nothing is left for the arena, `.resourceLimitRefused`, `.notEnforced` if a
  ///   reservation beyond the limit is let through.
  public func applyToSelf(
    baselineResident: Int? = nil, untouchedReservations: Int = 0
  ) throws(LimitError) -> HeldLimits {
    let memory = try ProcessMemory.current()
    let counted = mappedBytesCounted ? memory.resident : memory.anonymous + memory.sharedMemory
    let baseline = max(0, baselineResident ?? counted)
    let allowance = budget - baseline
    let mapped = mappedBytesCounted ? mappedBytes : 0
    guard allowance > mapped else {
      throw .budgetBelowBaseline(budget: budget, baseline: baseline, mapped: mapped)
    }

    var held = HeldLimits(limits: [], baseline: memory, allowance: allowance - mapped)
    if let group {
      try group.requireMembership()
      guard let bytes = group.limit else {
        throw .notEnforced(mechanism: group.version.mechanism, bytes: budget)
      }
      held.limits.append(.init(mechanism: group.version.mechanism, bytes: bytes))
    }
    for mechanism in resourceLimits {
      let base = mechanism == .dataSegment ? memory.data : memory.addressSpace + mappedBytes
      let bytes = base + held.allowance + min(max(0, untouchedReservations), Self.largest)
      held.limits.append(.init(mechanism: mechanism, bytes: try Self.set(mechanism, to: bytes)))
    }
    // After the proofs, whose refusals are none of the program's.
    csystem_exit_on_refused_allocation(ChildProcess.reservationRefusedCode)
    return held
  }

  /// Sets a resource limit and proves it: a reservation just beyond it, never touched, must be refused.
  private static func set(_ mechanism: LimitMechanism, to bytes: Int) throws(LimitError) -> Int {
    let isData = mechanism == .dataSegment
    var inForce: UInt64 = 0
    let code = csystem_set_limit(
      isData ? csystem_resource_data : csystem_resource_address_space, UInt64(bytes), &inForce)
    guard code == 0 else { throw .resourceLimitRefused(mechanism: mechanism, bytes: bytes, code: code) }
    let limit = Int(clamping: inForce)
    let memory = try ProcessMemory.current()
    let left = max(0, limit - (isData ? memory.data : memory.addressSpace))
    do throws(LimitError) {
      try AnonymousMapping(bytes: left + 65536).release()  // the largest page size of the platforms supported
    } catch {
      return limit
    }
    throw .notEnforced(mechanism: mechanism, bytes: limit)
  }
}
