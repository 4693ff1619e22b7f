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
    let reason = code == 0 ? "it became shorter while it was read" : String(cString: strerror(code))
    return "\(path): cannot \(operation.rawValue): \(reason)"
  }
}
