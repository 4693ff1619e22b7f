import Units

/// Why a run cannot go on from a checkpoint, or cannot write one.
public enum RunCheckpointError: UserFacingError, Equatable {
  case noCheckpoint(directory: String)
  /// Beginning there would mix two runs.
  case folderInUse(directory: String, step: Int)
  case notACheckpoint(path: String)
  case otherVersion(path: String)
  case damaged(path: String, reason: String)
  /// `what` completes "another …".
  case otherRun(path: String, what: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .noCheckpoint: .missingInput
    case .folderInUse: .usage
    case .notACheckpoint, .otherVersion, .damaged, .otherRun: .malformedInput
    }
  }

  public var description: String {
    switch self {
    case .noCheckpoint(let directory):
      "\(directory): no checkpoint of a run is there; give the folder of '--checkpoints', or begin without '--resume'"
    case .folderInUse(let directory, let step):
      "\(directory) holds a run at step \(step); go on with '--resume \(directory)', or give another folder"
    case .notACheckpoint(let path): "\(path): not a checkpoint of a run; begin without '--resume'"
    case .otherVersion(let path):
      "\(path): written by another version of the program; go on with that one, or begin without '--resume'"
    case .damaged(let path, let reason): "\(path): damaged: \(reason); begin without '--resume'"
    case .otherRun(let path, let what):
      "\(path) is of a run with another \(what); give what that run was given, or begin without '--resume'"
    }
  }
}
