import CSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the kernel counts for this process, in bytes: one reading of `/proc/self/status` (proc_pid_status(5)).
///
///     let memory = try ProcessMemory.current()
///     print(memory.resident, memory.peakResident)  // 21180416 21426176
///
/// The kernel updates these counters in batches, for each thread or processor, and calls the figures inaccurate
/// for that (proc_pid_status(5)): on Linux 6.1 one lagged by 10 pages in a process of one thread. What must be
/// exact to the page is `PageResidency`.
public struct ProcessMemory: Sendable, Equatable {
  /// `VmRSS`: pages in memory now; the sum of the next three.
  public var resident: Int
  /// `RssAnon`: pages without a file: heap, stacks, arenas, and file pages that were written to privately.
  public var anonymous: Int
  /// `RssFile`: pages of mapped files: program text, libraries, mapped weights.
  public var file: Int
  /// `RssShmem`: pages of shared memory and tmpfs.
  public var sharedMemory: Int
  /// `VmSwap`: anonymous pages that were written out; they are in none of the counts above.
  public var swapped: Int
  /// `VmHWM`: the largest `VmRSS` so far, since the exec or the last `resetPeak()`.
  public var peakResident: Int
  /// `VmData`: private writable address space, touched or not: what `RLIMIT_DATA` limits.
  public var data: Int
  /// `VmSize`: all address space: what `RLIMIT_AS` limits.
  public var addressSpace: Int

  /// Reads the counts as they are now.
  ///
  /// Takes one buffer of 16 KiB from the heap and gives it back: it is called where every byte is accounted for.
  ///
  /// - Throws: `LimitError.fileUnreadable` where there is no `/proc`, `.fieldMissing` where the kernel leaves
  ///   one out.
  public static func current() throws(LimitError) -> ProcessMemory {
    let path = "/proc/self/status"
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .fileUnreadable(path: path, code: errno) }
    defer { close(descriptor) }
    // The fields wanted end within the first 2 KiB, unless the process is in hundreds of supplementary groups.
    return try withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 16) {
      buffer -> Result<ProcessMemory, LimitError> in
      let count = SystemFile.read(descriptor, into: buffer)
      guard count >= 0 else { return .failure(.fileUnreadable(path: path, code: errno)) }
      let text = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      return Result { () throws(LimitError) in try ProcessMemory(status: text) }
    }.get()
  }

  init(status text: UnsafeRawBufferPointer) throws(LimitError) {
    resident = try Self.bytes(of: "VmRSS:", in: text)
    anonymous = try Self.bytes(of: "RssAnon:", in: text)
    file = try Self.bytes(of: "RssFile:", in: text)
    sharedMemory = try Self.bytes(of: "RssShmem:", in: text)
    swapped = try Self.bytes(of: "VmSwap:", in: text)
    peakResident = try Self.bytes(of: "VmHWM:", in: text)
    data = try Self.bytes(of: "VmData:", in: text)
    addressSpace = try Self.bytes(of: "VmSize:", in: text)
  }

  /// Forgets the peak: `VmHWM` becomes `VmRSS` again, by writing 5 to `/proc/self/clear_refs`
  /// (proc_pid_clear_refs(5)).
  ///
  /// - Returns: whether it worked; it does not where the kernel lacks CONFIG_PROC_PAGE_MONITOR or `/proc` is
  ///   read-only.
  public static func resetPeak() -> Bool {
    (try? SystemFile.write("5", to: "/proc/self/clear_refs")) != nil
  }

  /// The peak by `getrusage`, for systems without `/proc`; nil if the call fails.
  ///
  /// `resetPeak()` lowers it too, but never below what the process that forked this one had resident: an upper
  /// bound.
  public static func peakByResourceUsage() -> Int? {
    let bytes = csystem_peak_resident(false)
    return bytes < 0 ? nil : Int(bytes)
  }

  /// The peak of the largest child that was waited for, by `getrusage`: an upper bound too; nil if the call
  /// fails.
  public static func childrenPeak() -> Int? {
    let bytes = csystem_peak_resident(true)
    return bytes < 0 ? nil : Int(bytes)
  }

  /// The value of a line such as `VmRSS:     1720 kB`, in bytes.
  private static func bytes(of field: StaticString, in text: UnsafeRawBufferPointer) throws(LimitError) -> Int {
    // Plain loops: in a debug build each generic algorithm would allocate, thousands of times a reading.
    var start = 0
    while start < text.count {
      var end = start
      while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
      if begins(text, at: start, before: end, with: field) {
        var value = 0
        var digits = 0
        for index in (start + field.utf8CodeUnitCount)..<end where (0x30...0x39).contains(text[index]) {
          digits += 1
          if digits > 15 { break }  // no count of kibibytes; 15 digits times 1024 fit an Int
          value = value * 10 + Int(text[index] - 0x30)
        }
        if (1...15).contains(digits) { return value * 1024 }
      }
      start = end + 1
    }
    throw .fieldMissing(path: "/proc/self/status", field: "\(field)")
  }

  private static func begins(
    _ text: UnsafeRawBufferPointer, at start: Int, before end: Int, with field: StaticString
  ) -> Bool {
    guard start + field.utf8CodeUnitCount <= end, let base = text.baseAddress else { return false }
    return memcmp(base + start, field.utf8Start, field.utf8CodeUnitCount) == 0
  }
}
