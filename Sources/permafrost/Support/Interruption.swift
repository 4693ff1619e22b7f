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

  static func install() {
    _ = state  // made before the handler can need it
    let former = signal(SIGINT) { _ in
      if Interruption.state[0] > 0 {
        Interruption.state[1] = 1
        return
      }
      // A terminal shows ^C, or a bar, on the line where the cursor is.
      let line: StaticString = "\npermafrost: error: interrupted\n"
      let skipped = isatty(2) == 1 ? 0 : 1
      _ = write(2, line.utf8Start + skipped, line.utf8CodeUnitCount - skipped)
      _exit(130)
    }
    // A command started to go on in the background stays uninterrupted.
    if unsafeBitCast(former, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(SIGINT, SIG_IGN) }
    // Programs that start others from a worker thread hand them its mask, with all signals blocked.
    var none = sigset_t()
    sigemptyset(&none)
    sigprocmask(SIG_SETMASK, &none, nil)
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
