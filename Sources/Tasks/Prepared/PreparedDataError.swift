import Files
import Units

/// Why a file of prepared examples cannot be used.
public enum PreparedDataError: UserFacingError, Equatable {
  case unreadable(FileError)
  /// Too short for a header, or other first bytes.
  case notPrepared(path: String)
  case otherVersion(path: String, version: Int)
  /// The sizes in the header do not add up to the file's.
  case wrongSize(path: String, expectedBytes: Int, foundBytes: Int)
  case empty(path: String)
  case malformed(path: String, reason: String)
  /// An example contradicts the header; examples count from 0.
  case malformedExample(path: String, example: Int, reason: String)

  public var exitStatus: ExitStatus {
    if case .unreadable(let error) = self { error.exitStatus } else { .malformedInput }
  }

  public var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .notPrepared(let path): "\(path): not a file of prepared examples; prepare the data again"
    case .otherVersion(let path, let version):
      "\(path): format version \(version), this program reads \(PreparedHeader.version); prepare the data again"
    case .wrongSize(let path, let expected, let found):
      "\(path): \(found) bytes where the header promises \(expected); prepare the data again"
    case .empty(let path): "\(path): no examples; prepare data that has some"
    case .malformed(let path, let reason): "\(path): \(reason); prepare the data again"
    case .malformedExample(let path, let example, let reason):
      "\(path): example \(example): \(reason); prepare the data again"
    }
  }
}
