import Foundation

/// A file opened for reading and mapped, of which parts are made readable as they are asked for.
///
/// One fault on a mapped file brings in neighbouring pages too (`fault_around_bytes`, 64 KiB on Linux), but never any beyond those
/// that can be read: so only what was exposed becomes resident, whatever lies beside it.
/// Reading through `read` copies with `pread` and touches no mapped page, so it adds nothing to the resident set but
/// its destination. A file that is made shorter while it is mapped ends the process when a lost page is touched
/// (`SIGBUS`); checkpoints are replaced by renaming, never in place, so that this cannot happen here.
final class MappedFile: Sendable {
  let path: String
  let byteCount: Int
  /// The first byte, at a page boundary; nil for an empty file.
  nonisolated(unsafe) private let base: UnsafeRawPointer?
  private let descriptor: Int32

  /// - Throws: `FileError`.
  init(_ url: URL) throws {
    path = url.path
    (descriptor, byteCount) = try openRegularFile(path)
    guard byteCount > 0 else {
      base = nil
      return
    }
    let address = mmap(nil, byteCount, PROT_NONE, MAP_PRIVATE, descriptor, 0)
    guard address != MAP_FAILED, let address else {
      let code = errno
      close(descriptor)
      throw FileError(.map, path: path, code: code)
    }
    base = UnsafeRawPointer(address)
  }

  deinit {
    if let base { munmap(UnsafeMutableRawPointer(mutating: base), byteCount) }
    close(descriptor)
  }

  /// Makes bytes of the mapping readable and gives their address, which is valid while this object lives.
  ///
  /// - Returns: nil where the system will not.
  func expose(_ range: Range<Int>) -> UnsafeRawPointer? {
    guard let base, range.lowerBound >= 0, range.upperBound <= byteCount else { return nil }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = range.lowerBound / page * page
    let pages = UnsafeMutableRawPointer(mutating: base + start)
    guard mprotect(pages, range.upperBound - start, PROT_READ) == 0 else { return nil }
    return base + range.lowerBound
  }

  /// Fills `destination` with the bytes from `offset` on.
  ///
  /// - Throws: `FileError`, also where the file has fewer bytes.
  func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws {
    try readFully(descriptor, path, at: offset, into: destination)
  }
}

/// Reads a small file whole; more than `limit` bytes are refused as too large to be what is expected.
///
/// - Throws: `FileError`.
func contentsOfFile(_ url: URL, limit: Int = SafetensorsHeader.maximumBytes) throws -> [UInt8] {
  let (descriptor, byteCount) = try openRegularFile(url.path)
  defer { close(descriptor) }
  guard byteCount <= limit else { throw FileError(.read, path: url.path, code: EFBIG) }
  return try [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
    try readFully(
      descriptor, url.path, at: 0,
      into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<byteCount]))
    count = byteCount
  }
}

/// Opens a file for reading, and refuses directories, pipes and devices, which have no size to check against.
private func openRegularFile(_ path: String) throws -> (descriptor: Int32, byteCount: Int) {
  // Without O_NONBLOCK, opening a pipe would wait for its writer.
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { throw FileError(.open, path: path) }
  var status = stat()
  guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
    let code = status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL
    close(descriptor)
    throw FileError(.open, path: path, code: code)
  }
  return (descriptor, Int(status.st_size))
}

private func readFully(
  _ descriptor: Int32, _ path: String, at offset: Int, into destination: UnsafeMutableRawBufferPointer
) throws {
  var done = 0
  while done < destination.count {
    let rest = UnsafeMutableRawBufferPointer(rebasing: destination[done...])
    let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { throw FileError(.read, path: path, code: count == 0 ? 0 : errno) }
    done += count
  }
}
