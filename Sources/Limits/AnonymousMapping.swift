import CSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Zeroed private memory from the kernel, owned, for an arena.
///
///     let arena = try AnonymousMapping(bytes: 1 << 30)
///     arena.bytes[0] = 1  // 4096 bytes are resident now, not 2 MiB
///     arena.release()     // or by going out of scope
///
/// - No `MAP_NORESERVE`: the whole length is accounted for at once, so strict overcommit and `RLIMIT_DATA`
///   refuse it here, before any work is done, and not at some later touch.
/// - `MADV_NOHUGEPAGE`: the kernel may otherwise answer one touch with a 2 MiB page, and resident bytes would
///   say where huge pages happened to be free, not what the program used. Without them resident bytes are exact
///   to the page.
public struct AnonymousMapping: ~Copyable, @unchecked Sendable {  // it owns what it points to
  /// The memory, as long as the mapping lives; its length is the one asked for.
  public let bytes: UnsafeMutableRawBufferPointer

  /// - Throws: `LimitError.invalidLength` for zero or less, `.reservationRefused` with the bytes asked for.
  public init(bytes length: Int) throws(LimitError) {
    guard length > 0 else { throw .invalidLength(bytes: length) }
    var code: Int32 = 0
    guard let base = csystem_map_anonymous(length, &code) else {
      throw .reservationRefused(bytes: length, code: code)
    }
    bytes = UnsafeMutableRawBufferPointer(start: base, count: length)
  }

  /// Makes the first `count` bytes resident at once, which takes a fraction of the time of as many faults; where the system cannot, the first
  /// touch does it as always.
  public func populate(_ count: Int) { csystem_populate(bytes.baseAddress, min(count, bytes.count)) }

  /// Gives the memory back now.
  public consuming func release() {}

  deinit { munmap(bytes.baseAddress, bytes.count) }
}
