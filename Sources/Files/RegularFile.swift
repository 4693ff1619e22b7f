import Foundation

/// A regular file, opened for reading, of which any part can be read.
///
/// Unlike a mapping it makes nothing resident but what is asked for. A file that is shortened meanwhile is an error where its bytes
/// are missed; files that this program writes are replaced by renaming, never rewritten in place.
package final class RegularFile: Sendable {
  package let path: String
  package let byteCount: Int
  let descriptor: Int32

  /// Directories, pipes and devices are refused: they have no size to check against.
  package init(_ path: String) throws(FileError) {
    // Without O_NONBLOCK, opening a pipe would wait for its writer.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(.open, path: path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      let code = status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL
      close(descriptor)
      throw FileError(.open, path: path, code: code)
    }
    self.path = path
    byteCount = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills `destination` with the bytes from `offset` on.
  ///
  /// - Throws: `FileError`, also where the file has fewer bytes.
  package func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(FileError) {
    if let failure = fill(destination, from: offset) { throw failure }
  }

  /// A copy of the bytes of a range.
  package func bytes(_ range: Range<Int>) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    if let failure = bytes.withUnsafeMutableBytes({ fill($0, from: range.lowerBound) }) { throw failure }
    return bytes
  }

  private func fill(_ destination: UnsafeMutableRawBufferPointer, from offset: Int) -> FileError? {
    var done = 0
    while done < destination.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: destination[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return FileError(.read, path: path, code: count == 0 ? 0 : errno) }
      done += count
    }
    return nil
  }

  /// A small file whole; more than `limit` bytes are refused as too large to be what is expected.
  package static func contents(of path: String, limit: Int = 100_000_000) throws(FileError) -> [UInt8] {
    let file = try RegularFile(path)
    guard file.byteCount <= limit else { throw FileError(.read, path: path, code: EFBIG) }
    return try file.bytes(0..<file.byteCount)
  }
}
