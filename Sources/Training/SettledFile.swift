import Checkpoints
import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file written beside its name, hashed on the way, and renamed when all of it is on storage.
///
/// Pages that are written count towards a control group's limit until they are on storage and dropped from the page cache. So
/// after each piece of 1 MiB the file is synchronized and its pages are dropped: no more than one piece is ever charged.
final class SettledFile {
  static let pieceBytes = 1 << 20

  private let path: String
  private let partial: String
  private let descriptor: Int32
  private var hash = SHA256()
  private var unsettledBytes = 0
  private var isCommitted = false

  /// The name under which a file is written; what has it is left from a process that was killed.
  static func partialName(of path: String) -> String { path + ".partial" }

  /// - Throws: `FileError`.
  init(_ path: String) throws {
    self.path = path
    partial = Self.partialName(of: path)
    descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(.create, path: partial) }
  }

  deinit {
    close(descriptor)
    if !isCommitted { unlink(partial) }
  }

  /// Appends bytes, straight from where they lie.
  func append(_ bytes: UnsafeRawBufferPointer) throws {
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + Self.pieceBytes - unsettledBytes)
      let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      try writeFully(piece, to: descriptor, partial)
      hash.update(piece)
      start = end
      unsettledBytes += piece.count
      if unsettledBytes == Self.pieceBytes { try settle() }
    }
  }

  /// Appends the SHA-256 of all bytes so far, in hexadecimal, and gives the file its name, for good.
  func commit() throws {
    var digest = hash.finish()
    try digest.withUTF8 { try writeFully(UnsafeRawBufferPointer($0), to: descriptor, partial) }
    guard fsync(descriptor) == 0 else { throw FileError(.sync, path: partial) }
    try settle()
    guard rename(partial, path) == 0 else { throw FileError(.rename, path: path) }
    isCommitted = true
    synchronize(directoryOf: path)
  }

  private func settle() throws {
    unsettledBytes = 0
    #if os(Linux)
      guard fdatasync(descriptor) == 0 else { throw FileError(.sync, path: partial) }
      PageCacheAdvice.drop(descriptor)
    #endif
  }
}

/// What the kernel is told of an open file's cached pages.
enum PageCacheAdvice {
  /// They are not needed any more: those that are on storage are dropped.
  static func drop(_ descriptor: Int32) {
    #if os(Linux)
      _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    #endif
  }
}
