import Optimization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What SIGINT does: it ends the process with exit code 130, at once, or after work that must not be torn apart.
///
/// While a child runs, `ChildProcess` passes the signal on instead, and says in its outcome that it did.
enum Interruption {
  /// How many `held` calls are under way, and whether a signal came meanwhile.
  ///
  /// Memory of its own, because a signal handler may touch little else.
  nonisolated(unsafe) private static let state = {
    let state = UnsafeMutablePointer<sig_atomic_t>.allocate(capacity: 2)
    state.initialize(repeating: 0, count: 2)
    return state
  }()

  /// What the first SIGINT asks to stop, if anything.
  ///
  /// A cancellation is never freed, so the handler may read it at any time.
  nonisolated(unsafe) private static let cancelled = {
    let place = UnsafeMutablePointer<Cancellation?>.allocate(capacity: 1)
    place.initialize(to: nil)
    return place
  }()

  /// The JSON object that takes the place of an answer, encoded beforehand because the handler cannot; empty where none is due.
  nonisolated(unsafe) private static let answer = {
    let bytes = UnsafeMutablePointer<UnsafeRawBufferPointer>.allocate(capacity: 1)
    bytes.initialize(to: UnsafeRawBufferPointer(start: nil, count: 0))
    return bytes
  }()

  /// - Parameter failure: what a program that reads standard output is told; nil for nothing.
  static func install(answering failure: String? = nil) {
    _ = (state, cancelled, answer)  // made before the handler can need them
    if let failure {
      // Never freed, as the handler may come at any time.
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: failure.utf8.count, alignment: 1)
      bytes.copyBytes(from: failure.utf8)
      answer.pointee = UnsafeRawBufferPointer(bytes)
    }
    let former = signal(SIGINT) { _ in
      if let cancellation = Interruption.cancelled.pointee, !cancellation.isCancelled {
        cancellation.cancel()
        return
      }
      if Interruption.state[0] > 0 {
        Interruption.state[1] = 1
        return
      }
      // A terminal shows ^C, or a bar, on the line where the cursor is.
      let line: StaticString = "\npermafrost: error: interrupted\n"
      let skipped = isatty(2) == 1 ? 0 : 1
      _ = write(2, line.utf8Start + skipped, line.utf8CodeUnitCount - skipped)
      let answer = Interruption.answer.pointee
      if let start = answer.baseAddress { _ = write(1, start, answer.count) }
      _exit(130)
    }
    // A command started to go on in the background stays uninterrupted.
    if unsafeBitCast(former, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(SIGINT, SIG_IGN) }
    // Programs that start others from a worker thread hand them its mask, with all signals blocked.
    var none = sigset_t()
    sigemptyset(&none)
    sigprocmask(SIG_SETMASK, &none, nil)
  }

  /// From here on standard output has an answer, or the beginning of one.
  static func answerBegins() { answer.pointee = UnsafeRawBufferPointer(start: nil, count: 0) }

  /// Runs `body`, which ends soon once it is cancelled; the first SIGINT meanwhile cancels, the next ends the process.
  static func cancelling<Result>(_ cancellation: Cancellation, _ body: () throws -> Result) rethrows -> Result {
    cancelled.pointee = cancellation
    defer { cancelled.pointee = nil }
    return try body()
  }

  /// Runs `body` to its end; a SIGINT that comes meanwhile is answered afterwards.
  static func held<Result>(_ body: () throws -> Result) rethrows -> Result {
    state[0] += 1
    defer {
      state[0] -= 1
      if state[0] == 0, state[1] != 0 { raise(SIGINT) }
    }
    return try body()
  }
}
