#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Measures laps of the thread that calls kernels, in real time or without the time in which threads waited for a processor.
public struct KernelClock {
  private let threads: Int
  private let leavesOutWaiting: Bool
  private var real = ContinuousClock.now
  private var own: Duration
  private var process: Duration

  /// - Parameters:
  ///   - threads: how many share the kernels, the caller's included.
  ///   - leavesOutWaiting: whether to measure what laps would take if no other process ran.
  public init(threads: Int, leavesOutWaiting: Bool) {
    self.threads = threads
    self.leavesOutWaiting = leavesOutWaiting
    own = leavesOutWaiting ? Self.read(CLOCK_THREAD_CPUTIME_ID) : .zero
    process = leavesOutWaiting ? Self.read(CLOCK_PROCESS_CPUTIME_ID) : .zero
  }

  /// The time since the last lap.
  ///
  /// Without waiting, it is the processor time of the caller or the mean of the other threads', whichever is longer: kernels are shared by
  /// static partition, so that is when the last of them ends, if the others' shares are alike. It is never more than the real time.
  public mutating func lap() -> Duration {
    let before = self
    real = .now
    let elapsed = real - before.real
    guard leavesOutWaiting else { return elapsed }
    own = Self.read(CLOCK_THREAD_CPUTIME_ID)
    process = Self.read(CLOCK_PROCESS_CPUTIME_ID)
    let caller = own - before.own
    let others = threads > 1 ? (process - before.process - caller) / (threads - 1) : .zero
    return min(elapsed, max(caller, others))
  }

  private static func read(_ clock: clockid_t) -> Duration {
    var time = timespec()
    clock_gettime(clock, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
