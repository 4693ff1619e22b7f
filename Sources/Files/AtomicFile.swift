import Foundation

/// A file that appears whole under its name or not at all: written beside its target, synchronized, renamed.
///
/// Where the name is a symbolic link, what it leads to is replaced, and the link stays.
package final class AtomicFile {
  package let target: String
  /// The target, links followed.
  private let place: String
  private let temporary: String
  private let descriptor: Int32
  private var isCommitted = false

  /// - Throws: `FileError` also where something other than a regular file has the name: renaming would remove it.
  package init(_ target: String) throws(FileError) {
    let former = try FileStatus(target, for: .create)
    switch former?.kind {
    case nil, .regular: break
    case .directory: throw FileError(.create, path: target, code: EISDIR)
    case .special: throw FileError(.create, path: target, code: EINVAL)
    }
    self.target = target
    place = resolvedPath(target)
    temporary = temporaryName(beside: place)
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(.create, path: target) }
    if let former { fchmod(descriptor, former.permissions) }
  }

  package convenience init(_ target: URL) throws(FileError) { try self.init(target.path) }

  /// Writes a file in one go.
  ///
  /// - Throws: `FileError`.
  package static func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
    let file = try AtomicFile(path)
    try file.write(bytes)
    try file.commit()
  }

  package static func write(_ text: String, to path: String) throws { try write(text.utf8, to: path) }

  deinit {
    close(descriptor)
    if !isCommitted { unlink(temporary) }
  }

  /// Appends bytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    try writeFully(bytes, to: descriptor, target)
  }

  /// Appends a text as UTF-8.
  package func write(_ text: String) throws { try write(text.utf8) }

  private func write(_ bytes: some Sequence<UInt8>) throws {
    try Array(bytes).withUnsafeBytes { try write($0) }
  }

  /// Replaces the file's first bytes; nothing may be appended afterwards.
  package func overwriteStart(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw FileError(.write, path: target) }
    try write(bytes)
  }

  /// Gives the file its name, replacing what has it.
  package func commit() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw FileError(.sync, path: target) }
    guard rename(temporary, place) == 0 else { throw FileError(.rename, path: target) }
    isCommitted = true
    synchronize(directoryOf: place)
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
package func temporaryName(beside path: String) -> String {
  let (folder, last) = splitPath(path)
  // Cut, so that it is no longer than a file system takes where the name itself is not.
  let name = String(last.unicodeScalars.prefix(40))
  let unique = String(UInt64.random(in: 0 ... .max), radix: 36)
  return "\(folder)/.\(name).\(getpid()).\(unique).partial"
}

/// Makes the rename of a file or directory last through a loss of power; file systems that cannot are left alone.
package func synchronize(directoryOf path: String) {
  let descriptor = open(splitPath(path).folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}
