/// A way in which the kernel limits the memory of a process.
///
/// The raw value is the name to report.
///
/// | mechanism | counts | acts | needs |
/// |---|---|---|---|
/// | cgroup v2, v1 | pages: touched, cached, the kernel's own | reclaims, then kills, at the touch | delegation |
/// | `RLIMIT_DATA` | private writable address space, touched or not | ENOMEM at the reservation | nothing |
/// | `RLIMIT_AS` | all address space, touched or not | ENOMEM at the reservation | nothing |
///
/// Cases are in order of preference.
public enum LimitMechanism: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  case controlGroupV2 = "cgroup v2 memory.max"
  case controlGroupV1 = "cgroup v1 memory.limit_in_bytes"
  case dataSegment = "RLIMIT_DATA"
  case addressSpace = "RLIMIT_AS"

  public var description: String { rawValue }

  /// The kind of control group, or nil for a resource limit.
  var controlGroup: ControlGroup.Version? {
    switch self {
    case .controlGroupV2: .v2
    case .controlGroupV1: .v1
    case .dataSegment, .addressSpace: nil
    }
  }

  /// Why this mechanism cannot be used here, or nil if it can.
  ///
  /// For a control group this is found out by making one and removing it. Resource limits can always be set;
  /// that they are kept is proven by `LimitPlan.applyToSelf`, in the process that they hold.
  public func obstacle() -> LimitError? {
    guard let version = controlGroup else { return nil }
    do throws(LimitError) {
      // The limit does not matter to a group without processes.
      try ControlGroup.create(version, limit: 1 << 30).remove()
      return nil
    } catch {
      return error
    }
  }
}
