import Units

/// What keeps a plan from being written down for another trainer.
public enum ExportError: UserFacingError, Equatable {
  case unknownTarget(String)
  /// The plan's configuration breaks a rule.
  case badConfiguration(reason: String)
  /// The plan states a number of trainable parameters that its tensors and nodes do not add up to.
  case otherCount(stated: Int, found: Int)
  case unwritable(path: String, reason: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .unknownTarget: .usage
    case .badConfiguration, .otherCount: .malformedInput
    case .unwritable: .unavailable
    }
  }

  public var description: String {
    switch self {
    case .unknownTarget(let name):
      "cannot export to \(name.quoted); use --to with one of: "
        + ExportTarget.allCases.map(\.rawValue).joined(separator: ", ")
    case .badConfiguration(let reason): "the plan's model.configuration: \(reason); make the plan again"
    case .otherCount(let stated, let found):
      "the plan says that \(stated) parameters train, but what it lists has \(found); make the plan again"
    case .unwritable(let path, let reason): "\(path): cannot write: \(reason)"
    }
  }
}
