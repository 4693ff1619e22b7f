import Units

/// Why a checkpoint does not hold the model it should, or was not written.
public struct CheckpointError: UserFacingError, Hashable {
  /// The file or directory at fault.
  public let path: String
  public let reason: Reason

  public enum Reason: Hashable, Sendable {
    case noWeights
    case invalidIndex(String)
    case shardOutsideDirectory(String)
    case notInShard(tensor: String, shard: String)
    case inTwoShards(tensor: String, String, String)
    case notInIndex(tensor: String, shard: String)
    /// Two tensors are the same parameter under different names.
    case ambiguous(tensor: String, String, String)
    case unsupportedDataType(tensor: String, DataType)
    case wrongShape(tensor: String, expected: [Int], got: [Int])
    /// `others` more are missing too.
    case missing(tensor: String, expected: [Int], others: Int)
    /// Part of a group that may only be present or absent as a whole.
    case incomplete(group: String, missing: String)
    case unexpected(tensor: String)
    case directoryExists
    case notADirectory
    case notACheckpoint
    case wrongElementCount(tensor: String, expected: Int, got: Int)
  }

  public var exitStatus: ExitStatus {
    switch reason {
    case .noWeights: .missingInput
    case .directoryExists, .notADirectory, .notACheckpoint: .usage
    case .wrongElementCount: .internalError
    default: .malformedInput
    }
  }

  public var description: String { "\(path): \(reason.description)" }
}

extension CheckpointError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noWeights:
      "no model.safetensors and no model.safetensors.index.json; save the model with safetensors first"
    case .invalidIndex(let what): "not a sound index of shards: \(what)"
    case .shardOutsideDirectory(let shard): "the shard \(shard.quoted) is not a plain file name"
    case .notInShard(let tensor, let shard):
      "tensor \(tensor.quoted) is listed in \(shard.quoted), which does not hold it"
    case .inTwoShards(let tensor, let first, let second):
      "tensor \(tensor.quoted) is in both \(first.quoted) and \(second.quoted)"
    case .notInIndex(let tensor, let shard):
      "\(shard.quoted) holds tensor \(tensor.quoted), which the index does not list"
    case .ambiguous(let tensor, let first, let second):
      "\(first.quoted) and \(second.quoted) both stand for \(tensor.quoted); remove one"
    case .unsupportedDataType(let tensor, let type):
      "tensor \(tensor.quoted) is \(type.rawValue); convert it to F32, F16 or BF16"
    case .wrongShape(let tensor, let expected, let got):
      "tensor \(tensor.quoted) has shape \(got), expected \(expected); check config.json, or the number of labels for a head"
    case .missing(let tensor, let expected, let others):
      "tensor \(tensor.quoted) of shape \(expected) is missing" + (others > 0 ? ", and \(others) more" : "")
        + "; check that config.json belongs to these weights"
    case .incomplete(let group, let missing):
      "the \(group) is there in part only, \(missing.quoted) is missing; remove the rest or save it whole"
    case .unexpected(let tensor):
      "tensor \(tensor.quoted) has no place in the model of config.json; check that both belong together"
    case .directoryExists: "the directory exists and is not empty; choose another or allow overwriting"
    case .notACheckpoint: "the directory holds something other than a checkpoint; choose another"
    case .notADirectory: "a file of this name exists; choose another name"
    case .wrongElementCount(let tensor, let expected, let got):
      "tensor \(tensor.quoted) was given \(got) elements, expected \(expected)"
    }
  }
}
