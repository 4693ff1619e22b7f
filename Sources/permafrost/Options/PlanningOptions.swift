import ArgumentParser
import Checkpoints
import Planning
import Reporting
import Steps

/// What a plan is asked for, beside the model and the bytes.
struct PlanningOptions: ParsableArguments {
  @OptionGroup var shape: ShapeOptions

  @Option(
    help: ArgumentHelp(
      "Scores by 'permafrost prime'; without, a prior that measures nothing.", valueName: "file"))
  var scores: String?

  @Option(
    help: ArgumentHelp(
      "The metric of '--scores' to plan by; by default the first in the file.", valueName: "metric"))
  var score: Scores.Metric?

  @Option(
    help: ArgumentHelp(
      "What forward keeps, as 'estimate' has it; by default the best of keep, cheap and recompute.",
      valueName: "saving"), transform: Accepted.saving)
  var saving: Saving?

  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    if score != nil, scores == nil {
      throw ValidationError("'--score' chooses among the metrics of '--scores'; give both")
    }
  }

  /// The question for a model on a device, and where the process's own share comes from.
  ///
  /// - Throws: `ValidationError` where options contradict each other or the model, `PlanError` for unusable scores, and what
  ///   `RuntimeOptions.share` throws.
  func request(
    for model: Model, task: String?, on device: DeviceOptions
  ) throws -> (request: PlanRequest, share: RuntimeShare) {
    let profile = try device.profile()
    let recipe = try shape.recipe(for: model, on: profile, saving: saving)
    var scores = try scores.map { try PlanFile.readScores($0, for: model.graph, identity: model.identity) }
    if let score { scores = try scores?.choosing(score) }
    guard let budget = device.budget(on: profile) else {
      throw ValidationError("missing '--device' or '--budget'")
    }
    let share = try runtime.share(on: profile, model.graph, recipe)
    let request = PlanRequest(
      graph: model.graph, modelName: model.displayName, modelIdentity: model.identity, recipe: recipe,
      policies: saving.map { [$0] } ?? Saving.uniforms,
      scores: scores ?? Scores.prior(model.graph, modelIdentity: model.identity), budgetBytes: budget.bytes,
      mappedFree: budget.mappedFree, runtimeBytes: share.bytes, device: profile?.identifier, task: task)
    return (request, share)
  }
}

extension Scores.Metric: ExpressibleByArgument {}
