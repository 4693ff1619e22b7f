import Foundation

/// What a path leads to, symbolic links followed.
package struct FileStatus {
  package enum Kind {
    case regular, directory
    /// A pipe, a socket or a device: it cannot be replaced by a file, nor read twice.
    case special
  }

  package let kind: Kind
  /// The file system that holds it.
  package let device: dev_t
  let permissions: mode_t

  /// - Parameter operation: what is to be done there, for errors.
  /// - Returns: nil where there is nothing.
  package init?(_ path: String, for operation: FileError.Operation) throws(FileError) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw FileError(operation, path: path)
    }
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .directory
      default: .special
      }
    device = status.st_dev
    permissions = status.st_mode & 0o777
  }
}

/// Makes a directory where there is none, in one that is there.
package func makeDirectory(_ path: String) throws(FileError) {
  if mkdir(resolvedPath(path), 0o777) == 0 { return }
  guard errno == EEXIST else { throw FileError(.create, path: path) }
  guard try FileStatus(path, for: .create)?.kind == .directory else {
    throw FileError(.create, path: path, code: ENOTDIR)
  }
}
