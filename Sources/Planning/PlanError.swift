import TrainerModels
import Units

/// What can be wrong with a plan or score file, or with what a plan is asked for.
public enum PlanError: UserFacingError, Equatable {
  case missing(path: String)
  case unreadable(path: String, reason: String)
  /// A plan that could be read, but says what cannot be.
  case unusable(path: String, reason: String)
  case wrongKind(path: String, expected: String)
  case wrongSchema(path: String, expected: Int, found: Int)
  case wrongLayers(expected: Int, found: Int)
  case nodesOutOfRange(layer: Int, found: Int, limit: Int)
  case learnerOutOfRange(layer: Int, found: Int, limit: Int)
  case badLearners(layer: Int, expected: Int)
  case contradictoryNodes(String)
  case unknownTensor(String)
  case otherModel(expected: String, found: String)
  case otherShape(path: String)
  case badScores(reason: String)
  case badRecipe(reason: String)
  /// A pattern of `--train` or `--freeze` that names no tensor.
  case unmatchedPattern(String)
  case contradictoryPins(String)
  /// What is asked for is nothing that the trainer of '--for' can carry out.
  case inexpressible(target: String, reason: String)
  /// A plan for another trainer, given to a command that runs this program's own engine.
  case otherTrainer(TrainerModel, verb: String)
  /// Cancelled before anything that fits was known.
  case interrupted

  public var exitStatus: ExitStatus {
    switch self {
    case .missing: .missingInput
    case .unmatchedPattern, .contradictoryPins, .inexpressible, .otherTrainer: .usage
    case .interrupted: .interrupted
    default: .malformedInput
    }
  }

  public var description: String {
    switch self {
    case .missing(let path): "\(path): no such file; make one with 'permafrost plan' or 'permafrost prime'"
    case .unreadable(let path, let reason): "\(path): not a readable file: \(reason)"
    case .unusable(let path, let reason): "\(path): \(reason)"
    case .wrongKind(let path, let expected): "\(path): not a \(expected) file"
    case .wrongSchema(let path, let expected, let found):
      "\(path): schema \(found), but this program reads schema \(expected); make the file again"
    case .wrongLayers(let expected, let found):
      "the plan lists \(found) layers of nodes, the model has \(expected); make the plan again for this model"
    case .nodesOutOfRange(let layer, let found, let limit):
      "layer \(layer) retains \(found) nodes, which is not within 0...\(limit); make the plan again"
    case .learnerOutOfRange(let layer, let found, let limit):
      "layer \(layer): learner_nodes lists node \(found), which is not within 0...\(limit); make the plan again"
    case .badLearners(let layer, let expected):
      "layer \(layer): learner_nodes must list \(expected) distinct nodes; make the plan again"
    case .contradictoryNodes(let name):
      "'\(name)' is listed as trainable, but retained_nodes trains it only in part; remove one of the two"
    case .unknownTensor(let name):
      "the plan trains '\(name)', which this model does not have; make the plan again for this model"
    case .otherModel(let expected, let found):
      "made for \(expected), but the model is \(found); make it again for this model"
    case .badRecipe(let reason): "the plan's recipe cannot be carried out: \(reason); make the plan again"
    case .unmatchedPattern(let pattern):
      "'\(pattern)' names no tensor of the model; name tensors as the checkpoint does, such as 'encoder.layer.0.*'"
    case .contradictoryPins(let reason):
      "\(reason); change '--train', '--freeze' or '--min-retention'"
    case .inexpressible(let target, let reason):
      "'\(target)' cannot carry this out: \(reason); change what is asked, or plan without '--for'"
    case .otherTrainer(let trainer, let verb):
      "the plan is for '\(trainer.rawValue)', and '\(verb)' runs permafrost's own engine; "
        + "write it out with 'permafrost export', or plan again without '--trainer'"
    case .interrupted: "interrupted before there was an answer; nothing was written"
    case .otherShape(let path):
      "\(path): the scores are of a model of another shape; give the --task or --labels they were primed with, or prime this model"
    case .badScores(let reason): "the scores cannot be planned by: \(reason); run 'permafrost prime' again"
    }
  }
}
