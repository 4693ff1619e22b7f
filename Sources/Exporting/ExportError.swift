import Units

/// What keeps a plan from being written down for another trainer.
public enum ExportError: UserFacingError, Equatable {
  case unknownTarget(String)
  /// The plan's configuration breaks a rule.
  case badConfiguration(reason: String)
  /// The plan states a number of trainable parameters that its tensors and nodes do not add up to.
  case otherCount(stated: Int, found: Int)
  /// The trainer trains no model like this one.
  case untrainable(target: String, reason: String)
  /// The trainer's matching of the text that was written gives another set than the plan's.
  case unproven(target: String, reason: String)
  /// One file was asked for, but the export is several.
  case needsFolder(path: String, files: Int)

  public var exitStatus: ExitStatus {
    switch self {
    case .unknownTarget, .needsFolder: .usage
    case .badConfiguration, .otherCount: .malformedInput
    case .untrainable: .negative
    case .unproven: .internalError
    }
  }

  public var description: String {
    switch self {
    case .unknownTarget(let name):
      "cannot export to \(name.quoted); use one of: \(ExportTargets.names.joined(separator: ", "))"
    case .badConfiguration(let reason): "the plan's model.configuration: \(reason); make the plan again"
    case .otherCount(let stated, let found):
      "the plan says that \(stated) parameters train, but what it lists has \(found); make the plan again"
    case .untrainable(let target, let reason): "'\(target)' trains no such model: \(reason)"
    case .unproven(let target, let reason):
      "what was written for '\(target)' does not train what the plan does, so nothing was kept: \(reason); "
        + "please report this with the plan"
    case .needsFolder(let path, let files):
      "\(path): this export is \(files) files that belong together; give a folder in its place"
    }
  }
}
