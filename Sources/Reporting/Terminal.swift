#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One of the process's two output streams, written without buffering.
///
/// Writes go straight to the descriptor: a buffered stream would lose its last bytes, and any error, at exit.
public enum Terminal: Int32, Sendable {
  case standardOutput = 1
  case standardError = 2

  /// Whether a person is looking.
  public var isInteractive: Bool { isatty(rawValue) == 1 }

  /// Columns of text: `COLUMNS`, else the window's, else 100.
  public var columns: Int {
    if let text = getenv("COLUMNS"), let columns = Int(String(cString: text)), columns > 0 {
      return max(columns, Self.fewestColumns)
    }
    var size = winsize()
    let isKnown = ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return isKnown ? max(Int(size.ws_col), Self.fewestColumns) : 100
  }

  /// Whether to use colours: on a terminal that has them, unless `NO_COLOR` is set (https://no-color.org).
  public var isColored: Bool {
    func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    return isInteractive && (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != "dumb"
  }

  /// Below this no table can be read.
  private static let fewestColumns = 40

  /// Writes the whole text.
  ///
  /// - Returns: 0, or the `errno` of the write that failed.
  public func write(_ text: String) -> Int32 {
    var text = text
    return text.withUTF8 { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = systemWrite(rawValue, UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest)))
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return count < 0 ? errno : EIO }
        rest = rest.dropFirst(count)
      }
      return 0
    }
  }
}

// Inside the type the plain name would mean its own method.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}
