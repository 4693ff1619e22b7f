#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A wish to end searches with the best found so far; it may come from another thread or a signal handler.
///
/// One that was made is never freed, because a signal may come at any time.
public struct Cancellation: Sendable, Equatable {
  nonisolated(unsafe) let flag: UnsafeMutablePointer<sig_atomic_t>

  public init() {
    flag = .allocate(capacity: 1)
    flag.initialize(to: 0)
  }

  /// Asks for the end; safe in a signal handler.
  public func cancel() { flag.pointee = 1 }

  public var isCancelled: Bool { flag.pointee != 0 }
}
