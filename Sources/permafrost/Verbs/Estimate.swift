import ArgumentParser
import Checkpoints
import Planning
import Reporting
import Steps

struct EstimateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimate",
    abstract: "Simulates a training step: its peak and where, its operations, the headroom.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var shape: ShapeOptions
  @OptionGroup var train: TrainOptions
  @OptionGroup var device: DeviceOptions

  @Option(
    help: ArgumentHelp(
      "Scores by 'permafrost prime', which say which nodes 'far:R' trains.", valueName: "file"))
  var scores: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Where to write what is estimated as a plan, for verify, train and export.", valueName: "file"))
  var out: String?

  @OptionGroup var trainer: TrainerOptions
  @OptionGroup var runtime: RuntimeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if out != nil, trainer.trainer != .permafrost {
      throw ValidationError(
        "'--out' writes a plan for permafrost's own engine; it does not go with '--trainer'")
    }
  }

  func run() throws {
    if let out { try OutputFile.check(out) }
    let profile = try device.profile()
    let plan = try train.plan()
    let model = try model.resolve(like: plan)
    let recipe = try shape.recipe(for: model, on: profile, saving: train.saving, base: plan?.recipe)
    let selection = try train.selection(plan, of: model)
    if trainer.trainer != .permafrost {
      try trainer.trainer.check(recipe)
      return try output.print(
        TrainerEstimateReport(
          model, recipe, selection, train: train.train, trainer: trainer.trainer, options: trainer.options,
          processBytes: runtime.runtime, budgetBytes: device.budget(on: profile)?.bytes))
    }
    let share = try runtime.share(on: profile, model.graph, recipe)
    let budget = device.budget(on: profile)
    if let out {
      let scores = try scores.map { try PlanFile.readScores($0, for: model.graph, identity: model.identity) }
      var request = PlanRequest(
        graph: model.graph, modelName: model.displayName, modelIdentity: model.identity, recipe: recipe,
        scores: scores ?? .prior(model.graph, modelIdentity: model.identity), budgetBytes: budget?.bytes ?? 0,
        mappedFree: budget?.mappedFree ?? false, runtimeBytes: share.bytes, device: profile?.identifier,
        task: self.model.task.task)
      if budget == nil { request.budgetBytes = Plan.given(selection, request).chargedBytes }
      let given = Plan.given(selection, request)
      try Interruption.held { try PlanFile.write(given, to: out) }
    }
    try output.print(
      EstimateReport(
        model, recipe, selection, train: train.train, runtime: share, device: profile, budget: budget))
  }
}
