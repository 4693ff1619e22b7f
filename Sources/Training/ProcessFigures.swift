#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Figures of this process that are cheap enough to read every step: no heap, two or three system calls each.
enum ProcessFigures {
  /// Bytes resident now: the second field of `/proc/self/statm`, in pages (proc_pid_statm(5)); nil where there is none.
  static var residentBytes: Int? { field(2, of: "/proc/self/statm", after: 0).map { $0 * Int(getpagesize()) } }

  /// Seconds since this process was started; nil where the system does not tell.
  ///
  /// The start is field 22 of `/proc/self/stat`, in clock ticks since boot (proc_pid_stat(5)), so it is known to 10 ms.
  static var secondsSinceStart: Double? {
    #if os(Linux)
      // Field 2 is the program's name in parentheses, which may hold spaces: fields are counted from behind it.
      guard let ticks = field(20, of: "/proc/self/stat", after: UInt8(ascii: ")")) else { return nil }
      var now = timespec()
      guard clock_gettime(CLOCK_BOOTTIME, &now) == 0 else { return nil }
      let rate = Double(sysconf(Int32(_SC_CLK_TCK)))
      return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9 - Double(ticks) / rate
    #else
      return nil
    #endif
  }

  /// A number of a line of fields between spaces.
  ///
  /// - Parameters:
  ///   - index: counted from 1.
  ///   - end: a character behind whose last occurrence to count; 0 counts from the line's start.
  private static func field(_ index: Int, of path: String, after end: UInt8) -> Int? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { buffer in
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      var (start, spaces, value) = (0, 0, 0)
      for position in 0..<max(0, count) where end != 0 && buffer[position] == end { start = position + 2 }
      for position in start..<max(start, count) {
        if buffer[position] == UInt8(ascii: " ") {
          spaces += 1
        } else if spaces == index - 1, (0x30...0x39).contains(buffer[position]) {
          value = value * 10 + Int(buffer[position] - 0x30)
        }
      }
      return spaces >= index ? value : nil
    }
  }
}
