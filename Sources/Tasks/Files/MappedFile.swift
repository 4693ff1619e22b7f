#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file could not be opened, mapped, written or renamed: the operating system's answer and the path.
public struct FileAccessError: Error, Equatable, Sendable, CustomStringConvertible {
  public let path: String
  /// What was tried, as a verb: "open", "map", "write", "rename".
  public let operation: String
  /// The `errno` of the failed call.
  public let code: Int32

  public init(path: String, operation: String, code: Int32) {
    (self.path, self.operation, self.code) = (path, operation, code)
  }

  /// Whether the file is simply not there, as opposed to unreadable.
  public var isMissingInput: Bool { code == ENOENT || code == ENOTDIR }

  public var description: String {
    "cannot \(operation) \(path): \(String(cString: strerror(code)))"
  }
}

/// A whole file, mapped read-only: its pages are clean, so the system may drop them and read them again.
///
/// The mapping lives as long as this object. The file must not be shortened meanwhile; files that this module
/// writes are replaced by renaming, never rewritten in place.
final class MappedFile: @unchecked Sendable {  // Read-only for its whole life, so sharing it is safe.
  let path: String
  let bytes: UnsafeRawBufferPointer

  /// Maps the file; an error says what could not be done with it.
  init(path: String) throws(FileAccessError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileAccessError(path: path, operation: "open", code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileAccessError(path: path, operation: "inspect", code: errno)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw FileAccessError(path: path, operation: "read", code: EISDIR)
    }
    self.path = path
    let count = Int(status.st_size)
    if count == 0 {  // mmap refuses empty ranges.
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
      throw FileAccessError(path: path, operation: "map", code: errno)
    }
    bytes = UnsafeRawBufferPointer(start: start, count: count)
  }

  deinit {
    if let start = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }
  }

  /// The lines of the file, without their ends (`\n` or `\r\n`) and without a leading UTF-8 byte order mark.
  var lines: Lines { Lines(file: self) }

  struct Lines: Sequence, IteratorProtocol {
    private let file: MappedFile
    private var position: Int
    private var number = 0

    init(file: MappedFile) {
      self.file = file
      position = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// The next line and its number, counted from 1; the bytes are valid while the file is.
    mutating func next() -> (number: Int, bytes: Slice<UnsafeRawBufferPointer>)? {
      let bytes = file.bytes
      guard position < bytes.count, let base = bytes.baseAddress else { return nil }
      let newline = memchr(base + position, 0x0A, bytes.count - position)
      let end = newline.map { UnsafeRawPointer($0) - base } ?? bytes.count
      let contentEnd = newline != nil && end > position && bytes[end - 1] == 0x0D ? end - 1 : end
      defer { position = end + 1 }
      number += 1
      return (number, bytes[position..<contentEnd])
    }
  }
}
