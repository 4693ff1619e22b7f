import Foundation

/// A file that appears whole under its name or not at all: written beside its target, synchronized, renamed.
package final class AtomicFile {
  package let target: String
  private let temporary: String
  private let descriptor: Int32
  private var isCommitted = false

  package init(_ target: URL) throws(FileError) {
    self.target = target.path
    temporary = temporaryName(beside: target)
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(.create, path: target.path) }
  }

  deinit {
    close(descriptor)
    if !isCommitted { unlink(temporary) }
  }

  /// Appends bytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    try writeFully(bytes, to: descriptor, target)
  }

  /// Appends a text as UTF-8.
  package func write(_ text: String) throws {
    try Array(text.utf8).withUnsafeBytes { try write($0) }
  }

  /// Replaces the file's first bytes; nothing may be appended afterwards.
  package func overwriteStart(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw FileError(.write, path: target) }
    try write(bytes)
  }

  /// Gives the file its name, replacing what has it.
  package func commit() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw FileError(.sync, path: target) }
    guard rename(temporary, target) == 0 else { throw FileError(.rename, path: target) }
    isCommitted = true
    synchronize(directoryOf: target)
  }
}

/// Writes all bytes to an open file.
///
/// - Parameter path: the file's name, for errors.
package func writeFully(
  _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String
) throws(FileError) {
  var done = 0
  while done < bytes.count {
    let count = write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { throw FileError(.write, path: path) }
    done += count
  }
}

/// A hidden name in the same directory that no other process uses.
package func temporaryName(beside url: URL) -> String {
  let name = ".\(url.lastPathComponent).\(getpid()).\(String(UInt64.random(in: 0 ... .max), radix: 36)).partial"
  return url.deletingLastPathComponent().appendingPathComponent(name).path
}

/// Makes the rename of a file or directory last through a loss of power; file systems that cannot are left alone.
package func synchronize(directoryOf path: String) {
  let directory = (path as NSString).deletingLastPathComponent
  let descriptor = open(directory.isEmpty ? "." : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}
