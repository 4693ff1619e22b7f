#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a child process ended, and what the kernel counted for it.
public struct ChildOutcome: Sendable, Equatable {
  public var ending: Ending

  /// The child's peak resident bytes, or nil where the kernel's count says nothing.
  ///
  /// The count (`ru_maxrss` of `wait4`) begins at what the parent had resident when it forked, so it is the
  /// child's own only if it is larger than that. A child that matters reports `ProcessMemory.peakResident`
  /// itself.
  public var peakResident: Int?

  /// Page faults that had to read from storage: few in a child whose mapped weights stay in memory.
  public var majorFaults: Int

  /// What the child's control group counted, if it had one.
  public var group: ControlGroup.Usage?

  public enum Ending: Sendable, Equatable, CustomStringConvertible {
    case exited(code: Int32)
    case signalled(Int32)
    case stoppedByMemoryLimit(Evidence)
    /// This process was told to end (SIGINT, SIGTERM, SIGHUP), and passed it on. Such a program exits with 128
    /// + signal.
    case interrupted(Int32)

    public var description: String {
      switch self {
      case .exited(let code): "exited with code \(code)"
      case .signalled(let signal): "was ended by signal \(signal)"
      case .stoppedByMemoryLimit(let evidence): "was stopped by its memory limit: \(evidence)"
      case .interrupted(let signal): "was ended because signal \(signal) was received"
      }
    }
  }

  /// What shows that the memory limit, and nothing else, ended the child.
  public enum Evidence: Sendable, Equatable, CustomStringConvertible {
    /// The child said so, with `ChildProcess.reservationRefusedCode`: a reservation failed.
    case reservationRefused
    /// The kernel counted kills in the child's group, and the child died by SIGKILL.
    case outOfMemoryKill

    public var description: String {
      switch self {
      case .reservationRefused: "the kernel refused a reservation"
      case .outOfMemoryKill: "the kernel found its control group out of memory and killed it"
      }
    }
  }

  /// - Parameter group: usage of a group that was new when the child started, so that all its counts are this
  ///   child's.
  static func ending(
    code: Int32, signal: Int32, interruption: Int32, isLimited: Bool, group: ControlGroup.Usage?
  ) -> Ending {
    if signal == SIGKILL, let kills = group?.outOfMemoryKills, kills > 0 {
      return .stoppedByMemoryLimit(.outOfMemoryKill)
    }
    if interruption != 0 { return .interrupted(interruption) }
    if signal != 0 { return .signalled(signal) }
    if isLimited, code == ChildProcess.reservationRefusedCode {
      return .stoppedByMemoryLimit(.reservationRefused)
    }
    return .exited(code: code)
  }
}

/// Why a child process did not run.
public enum ChildProcessError: Error, Sendable, Equatable, CustomStringConvertible {
  case executableMissing(path: String)
  case notStarted(path: String, stage: String, code: Int32)
  case groupNotEntered(group: String, code: Int32)
  case tooManyChildren(limit: Int)
  case lost(path: String, code: Int32)

  public var description: String {
    switch self {
    case .executableMissing(let path):
      "there is no executable \(path); check the path (names are not searched for)"
    case .notStarted(let path, let stage, let code):
      "\(path) could not be started (\(stage)): \(errorText(code))"
    case .groupNotEntered(let group, let code):
      "the control group \(group) could not be entered: \(errorText(code)); ask for RLIMIT_DATA instead"
    case .tooManyChildren(let limit):
      "\(limit) child processes are running already; wait for one of them"
    case .lost(let path, let code):
      "\(path) was started but cannot be waited for: \(errorText(code)); SIGCHLD must not be ignored"
    }
  }
}
