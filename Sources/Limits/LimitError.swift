/// What can go wrong when memory is measured or limited.
public enum LimitError: Error, Sendable, Equatable, CustomStringConvertible {
  case fileUnreadable(path: String, code: Int32)
  case fieldMissing(path: String, field: String)
  case invalidLength(bytes: Int)
  case residencyUnknown(bytes: Int, code: Int32)
  /// The kernel would not reserve memory: the clean form of "it does not fit".
  case reservationRefused(bytes: Int, code: Int32)

  case invalidPlan(reason: String)
  case unavailable(mechanism: LimitMechanism, reason: String)
  case groupFileRefused(path: String, code: Int32)
  case groupNotRemoved(path: String, code: Int32)
  case notInGroup(expected: String, actual: String)
  /// The limits leave no byte for the arena.
  case budgetBelowBaseline(budget: Int, baseline: Int, mapped: Int)
  case resourceLimitRefused(mechanism: LimitMechanism, bytes: Int, code: Int32)
  /// The kernel took the limit and does not keep it: a reservation beyond it was let through, or it is gone.
  case notEnforced(mechanism: LimitMechanism, bytes: Int)

  public var description: String {
    switch self {
    case .fileUnreadable(let path, let code):
      "\(path) cannot be read: \(errorText(code)); check the path, and on Linux that /proc is mounted"
    case .fieldMissing(let path, let field):
      "\(path) has no line \(field) here; memory is measured on Linux 4.5 or later"
    case .invalidLength(let bytes):
      "a length of \(bytes) bytes is not one that memory can have"
    case .residencyUnknown(let bytes, let code):
      "the pages of a mapping of \(bytes) bytes cannot be examined: \(errorText(code)); check that it is still mapped"
    case .reservationRefused(let bytes, let code):
      "the kernel refused to reserve \(bytes) bytes: \(errorText(code)); raise the limit or plan for fewer bytes"
    case .invalidPlan(let reason):
      "the memory limit cannot be prepared: \(reason)"
    case .unavailable(let mechanism, let reason):
      "\(mechanism) is not available: \(reason)"
    case .groupFileRefused(let path, let code):
      "\(path) cannot be used: \(errorText(code)); run as root, or in a delegated group (systemd-run --user --scope)"
    case .groupNotRemoved(let path, let code):
      "the control group \(path) cannot be removed: \(errorText(code)); end its processes, then remove it with rmdir"
    case .notInGroup(let expected, let actual):
      "this process is in the control group \(actual), not in \(expected); start it with ChildProcess.run(limit:)"
    case .budgetBelowBaseline(let budget, let baseline, let mapped):
      "a budget of \(budget) bytes leaves nothing for the arena: the runtime has \(baseline) bytes resident already, "
        + "and \(mapped) bytes of mapped weights count; raise the budget"
    case .resourceLimitRefused(let mechanism, let bytes, let code):
      "\(mechanism) cannot be set to \(bytes) bytes: \(errorText(code))"
    case .notEnforced(let mechanism, let bytes):
      "\(mechanism) was set to hold \(bytes) bytes, but does not hold here; ask for another mechanism"
    }
  }
}
