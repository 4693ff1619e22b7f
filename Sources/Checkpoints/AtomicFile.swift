import Foundation

/// A file that appears whole under its name or not at all: written beside its target, synchronized, renamed.
package final class AtomicFile {
  package let target: String
  private let temporary: String
  private let descriptor: Int32
  private var isCommitted = false

  /// - Throws: `FileError`.
  package init(_ target: URL) throws {
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
  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let buffer = UnsafeRawBufferPointer(rebasing: rest)
      // The name is qualified, as this method hides the system call.
      #if canImport(Glibc)
        let count = Glibc.write(descriptor, buffer.baseAddress, buffer.count)
      #else
        let count = Darwin.write(descriptor, buffer.baseAddress, buffer.count)
      #endif
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileError(.write, path: target) }
      rest = rest.dropFirst(count)
    }
  }

  /// Appends a text as UTF-8.
  package func write(_ text: String) throws {
    try Array(text.utf8).withUnsafeBytes { try write($0) }
  }

  /// Gives the file its name, replacing what has it.
  package func commit() throws {
    guard fsync(descriptor) == 0 else { throw FileError(.sync, path: target) }
    guard rename(temporary, target) == 0 else { throw FileError(.rename, path: target) }
    isCommitted = true
    synchronizeDirectory((target as NSString).deletingLastPathComponent)
  }
}

/// A hidden name in the same directory that no other process uses.
func temporaryName(beside url: URL) -> String {
  let name = ".\(url.lastPathComponent).\(getpid()).\(String(UInt64.random(in: 0 ... .max), radix: 36)).partial"
  return url.deletingLastPathComponent().appendingPathComponent(name).path
}

/// Makes a rename in a directory last through a loss of power; file systems that cannot are left alone.
func synchronizeDirectory(_ path: String) {
  let descriptor = open(path.isEmpty ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}
