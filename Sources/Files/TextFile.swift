import Foundation

/// A whole file of text, mapped read-only: its pages are clean, so the system may drop them and read them again.
///
/// The mapping lives as long as this object.
package final class TextFile: @unchecked Sendable {  // Read-only for its whole life, so sharing it is safe.
  private let file: MappedFile
  package let bytes: UnsafeRawBufferPointer

  package var path: String { file.path }

  package init(_ path: String) throws(FileError) {
    file = try MappedFile(path)
    guard file.byteCount > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let start = file.expose(0..<file.byteCount) else { throw FileError(.map, path: path) }
    bytes = UnsafeRawBufferPointer(start: start, count: file.byteCount)
  }

  /// Nil where there is no such file.
  package convenience init?(ifPresent path: String) throws(FileError) {
    do {
      try self.init(path)
    } catch {
      if error.isMissing { return nil }
      throw error
    }
  }

  /// The lines of the file, without their ends (`\n` or `\r\n`) and without a leading UTF-8 byte order mark.
  package var lines: Lines { Lines(file: self) }

  package struct Lines: Sequence, IteratorProtocol {
    private let file: TextFile
    private var position: Int
    private var number = 0

    fileprivate init(file: TextFile) {
      self.file = file
      position = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// The next line and its number, counted from 1; the bytes are valid while the file is.
    package mutating func next() -> (number: Int, bytes: Slice<UnsafeRawBufferPointer>)? {
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
