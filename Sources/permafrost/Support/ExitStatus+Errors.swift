import Kernels
import Limits
import Units

extension ExitStatus {
  /// The status of an error that users are meant to read, or nil for any other.
  init?(of error: any Error) {
    switch error {
    case let error as any UserFacingError: self = error.exitStatus
    // Modules below the command line that know nothing of exit codes.
    case is LimitError, is KernelError: self = .unavailable
    case is ChildProcessError: self = .internalError
    default: return nil
    }
  }
}
