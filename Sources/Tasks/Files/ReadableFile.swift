#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A regular file of which any part can be read.
///
/// Unlike a mapping it makes nothing resident but what is asked for. The file must not be shortened meanwhile; files that this module writes
/// are replaced by renaming, never rewritten in place.
final class ReadableFile: Sendable {
  let path: String
  let byteCount: Int
  private let descriptor: Int32

  init(path: String) throws(FileAccessError) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileAccessError(path: path, operation: "open", code: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      let code = status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL
      close(descriptor)
      throw FileAccessError(path: path, operation: "read", code: code)
    }
    self.path = path
    byteCount = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills `destination` from `offset` on; false where the file ends before.
  func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) -> Bool {
    var done = 0
    while done < destination.count {
      let count = pread(descriptor, destination.baseAddress.map { $0 + done }, destination.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return false }
      done += count
    }
    return true
  }
}
