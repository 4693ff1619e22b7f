#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes a file beside its destination and renames it into place, so that readers never see half a file.
///
/// An object dropped without `commit` removes what it wrote.
final class AtomicFileWriter {
  private static let bufferBytes = 1 << 16

  private let destination: String
  private let temporary: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var isCommitted = false
  /// Bytes appended so far.
  private(set) var byteCount = 0

  /// - Throws: `FileAccessError` when the file beside the destination cannot be created.
  init(destination: String) throws {
    self.destination = destination
    temporary = destination + ".partial-" + String(UInt64.random(in: 0 ... .max), radix: 16)
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw FileAccessError(path: temporary, operation: "create", code: errno)
    }
    buffer.reserveCapacity(Self.bufferBytes)
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    if !isCommitted { unlink(temporary) }
  }

  /// Appends an integer in little-endian order.
  func append<Value: FixedWidthInteger>(_ value: Value) throws {
    withUnsafeBytes(of: value.littleEndian) { buffer.append(contentsOf: $0) }
    byteCount += Value.bitWidth / 8
    if buffer.count >= Self.bufferBytes { try flush() }
  }

  /// Replaces the first bytes of the file, flushes it to the device, and renames it to the destination.
  func commit(head: [UInt8]) throws {
    try flush()
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw failure("seek") }
    buffer = head
    try flush()
    guard fsync(descriptor) == 0 else { throw failure("flush") }
    guard rename(temporary, destination) == 0 else {
      throw FileAccessError(path: destination, operation: "rename a finished file to", code: errno)
    }
    isCommitted = true
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let count = write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw failure("write") }
        written += count
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func failure(_ operation: String) -> FileAccessError {
    FileAccessError(path: temporary, operation: operation, code: errno)
  }
}
