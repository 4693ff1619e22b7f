import Kernels
import Limits
import Tasks
import Units

extension ExitStatus {
  /// The status of an error that users are meant to read, or nil for any other.
  init?(of error: any Error) {
    switch error {
    case let error as any UserFacingError: self = error.exitStatus
    // Modules below the command line that know nothing of exit codes.
    case let error as DatasetError: self = Self.status(of: error)
    case let error as TokenizerError: self = Self.status(of: error)
    case let error as FileAccessError: self = error.isMissingInput ? .missingInput : .unavailable
    case is PreparedDataError: self = .malformedInput
    case is LimitError, is KernelError: self = .unavailable
    case is ChildProcessError: self = .internalError
    default: return nil
    }
  }

  private static func status(of error: TokenizerError) -> ExitStatus {
    if error.isUnavailable { return .unavailable }
    return error.isMissingInput ? .missingInput : .malformedInput
  }

  private static func status(of error: DatasetError) -> ExitStatus {
    if case .unknownTask = error { return .usage }
    return error.isMissingInput ? .missingInput : .malformedInput
  }
}
