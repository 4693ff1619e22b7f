import Units

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// SIGINT, SIGTERM and SIGHUP as a wish to stop at the end of the step.
enum StopRequest {
  /// Memory of its own, because a signal handler may touch little else.
  nonisolated(unsafe) private static let received = {
    let flag = UnsafeMutablePointer<sig_atomic_t>.allocate(capacity: 1)
    flag.initialize(to: 0)
    return flag
  }()

  /// From here on the signals no longer end the process; those that it ignores stay ignored.
  static func install() {
    received.pointee = 0
    for number in [SIGINT, SIGTERM, SIGHUP] {
      let former = signal(number) { _ in StopRequest.received.pointee = 1 }
      if unsafeBitCast(former, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(number, SIG_IGN) }
    }
  }

  static var isReceived: Bool { received.pointee != 0 }
}

/// Why a run ended before its last step, though nothing was wrong with it.
public struct TrainingStopped: UserFacingError, Equatable {
  public var step: Int
  public var steps: Int
  /// Where its checkpoint is.
  public var directory: String?

  public var exitStatus: ExitStatus { .interrupted }

  public var description: String {
    step == 0
      ? "interrupted before the first step"
      : "interrupted after step \(step) of \(steps); "
        + (directory.map { "to go on, give the same command with '--resume \($0)'" }
          ?? "nothing was kept ('--checkpoints' keeps what is needed to go on)")
  }
}

/// The last update left weights with which predictions are not finite.
public struct EvaluationDiverged: UserFacingError, Equatable {
  public var step: Int

  public var exitStatus: ExitStatus { .negative }

  public var description: String {
    "the predictions are not finite after step \(step); try a smaller learning rate"
  }
}
