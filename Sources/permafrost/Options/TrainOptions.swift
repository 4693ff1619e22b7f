import ArgumentParser
import Checkpoints
import Planning
import Steps
import Units

/// What trains, named by hand or by a plan.
struct TrainOptions: ParsableArguments {
  @Option(help: ArgumentHelp("What trains: \(TrainSpec.syntax).", valueName: "spec"))
  var train = "full"

  @Option(help: Accepted.savingHelp(default: "a plan's, else keep"), transform: Accepted.saving)
  var saving: Saving?

  func validate() throws {
    if TrainSpec(train) == nil, !train.hasSuffix(".json"), !train.contains("/") {
      throw ValidationError("'--train \(train)' names nothing; accepted is \(TrainSpec.syntax) (.json)")
    }
  }

  var input: CommandInput? { TrainSpec(train) == nil ? .file("the plan of '--train'", train) : nil }

  /// The plan, where a plan file is named.
  ///
  /// - Throws: `PlanError`.
  func plan() throws -> Plan? { TrainSpec(train) == nil ? try PlanFile.readPlan(train) : nil }

  /// - Throws: `PlanError` where the plan is another model's, `ValidationError` for more layers than the model has.
  func selection(_ plan: Plan?, of model: Model) throws -> Selection {
    guard let plan else {
      let spec = TrainSpec(train) ?? .full
      let layers = model.graph.configuration.layerCount
      if case .last(let count) = spec, count > layers {
        throw ValidationError(
          "'--train \(train)' is more than the \(Quantity.count(layers, of: "layer")) of \(model.displayName); "
            + "accepted is up to last:\(layers)")
      }
      return spec.selection(model.graph)
    }
    return try plan.selection(of: model)
  }
}

extension ModelOptions {
  /// The model with the head that the options ask for, else with the plan's.
  func resolve(like plan: Plan?) throws -> Model {
    let problem = try task.problem() ?? plan?.model.configuration.problem
    return try ModelSource.resolve(model, problem: problem)
  }
}

extension Plan {
  /// What the plan trains of the model that it was made for.
  ///
  /// - Throws: `PlanError`, among others for another model.
  func selection(of model: Model) throws -> Selection {
    guard self.model.identity == model.identity else {
      throw PlanError.otherModel(
        expected: "\(self.model.name) (\(self.model.identity.prefix(12)))",
        found: "\(model.displayName) (\(model.identity.prefix(12)))")
    }
    return try selection(of: model.graph)
  }
}
