import Files
import Foundation

/// Writes numbers and bytes through a buffer into a file that appears, complete, on `commit`.
final class PreparedFileWriter {
  private static let bufferBytes = 1 << 16

  private let file: AtomicFile
  private var buffer: [UInt8] = []
  /// Bytes appended so far.
  private(set) var byteCount = 0

  init(destination: String) throws(FileError) {
    file = try AtomicFile(URL(fileURLWithPath: destination))
    buffer.reserveCapacity(Self.bufferBytes)
  }

  /// Appends an integer in little-endian order.
  func append<Value: FixedWidthInteger>(_ value: Value) throws {
    withUnsafeBytes(of: value.littleEndian) { buffer.append(contentsOf: $0) }
    byteCount += Value.bitWidth / 8
    if buffer.count >= Self.bufferBytes { try flush() }
  }

  /// Replaces the first bytes of the file and gives it its name.
  func commit(head: [UInt8]) throws {
    try flush()
    try head.withUnsafeBytes { try file.overwriteStart($0) }
    try file.commit()
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { try file.write($0) }
    buffer.removeAll(keepingCapacity: true)
  }
}
