/// The exit codes of the command line; each error names its own.
///
/// 64 to 70 are those of BSD `sysexits.h`; 130 is 128 + SIGINT, as shells report an interrupted command.
public enum ExitStatus: Int32, CaseIterable, Sendable {
  /// The command did what was asked.
  case success = 0
  /// The command worked and the answer is no: nothing fits, a check failed, two things differ.
  case negative = 1
  /// The command line itself is wrong (`EX_USAGE`).
  case usage = 64
  /// An input was read and is not what it should be (`EX_DATAERR`).
  case malformedInput = 65
  /// An input does not exist or cannot be read (`EX_NOINPUT`).
  case missingInput = 66
  /// Something this machine lacks is needed: a privilege, a program, a kernel feature (`EX_UNAVAILABLE`).
  case unavailable = 69
  /// The program contradicts itself (`EX_SOFTWARE`).
  case internalError = 70
  /// The user stopped the command.
  case interrupted = 130
}

/// An error to show to the user: one line that says what, where, and what to do next.
public protocol UserFacingError: Error, CustomStringConvertible, Sendable {
  /// The status with which the command line exits when this error reaches it.
  var exitStatus: ExitStatus { get }
}
