import Foundation
import Units

/// A file or directory that the operating system would not read or write.
public struct FileError: UserFacingError, Hashable {
  public enum Operation: String, Sendable {
    case open, read, map, create, write, sync, rename, remove
  }

  public let operation: Operation
  public let path: String
  /// `errno`; 0 where the file ended early.
  public let code: Int32

  public init(_ operation: Operation, path: String, code: Int32 = errno) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// Whether there is no such file, as opposed to one that cannot be read.
  public var isMissing: Bool { code == ENOENT || code == ENOTDIR }

  public var exitStatus: ExitStatus {
    switch operation {
    case .open, .read, .map: .missingInput
    case .create, .write, .sync, .rename, .remove: .unavailable
    }
  }

  public var description: String {
    path.isEmpty
      ? "an empty path names no file; give the path of one to \(exitStatus == .unavailable ? "write" : "read")"
      : "\(path): cannot \(operation.rawValue): \(reason)"
  }

  private var reason: String {
    switch (code, operation) {
    case (0, _): "it became shorter while it was read"
    case (EISDIR, .open): "it is a directory; give a file"
    case (EISDIR, .create): "it is a directory; give the name of a file"
    case (EINVAL, .open): "it is a pipe, a socket or a device; give a regular file"
    case (EINVAL, .create): "it is a pipe, a socket or a device; give the name of a file"
    default: String(cString: strerror(code))
    }
  }
}
