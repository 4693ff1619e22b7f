import ArgumentParser
import Checkpoints
import Planning
import Reporting
import Steps

struct EstimateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimate",
    abstract: "Simulates a training step: its peak and where, its operations, the headroom.",
    discussion: """
      Says what the step needs, whether it fits or not, and exits with 0; 'permafrost check' judges plans.
      """)

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

  func run() throws {
    try CommandFiles(
      reads: [
        .model(model.model), .device(device.device), train.input, .file("the file of '--scores'", scores),
      ],
      writes: [CommandOutput("-o", out)]
    ).check()
    let profile = try device.profile()
    let plan = try train.plan()
    let model = try model.resolve(like: plan)
    let recipe = try shape.recipe(for: model, on: profile, saving: train.saving, base: plan?.recipe)
    let selection = try train.selection(plan, of: model)
    let (trainer, options) = trainer.choice(for: plan)
    try trainer.check(recipe)
    let share = try runtime.share(of: trainer, on: profile, model.graph, recipe)
    let budget = device.budget(on: profile)
    let scores = try scores.map { try PlanFile.readScores($0, for: model.graph, identity: model.identity) }
    if let out {
      var request = PlanRequest(
        graph: model.graph, modelName: model.displayName, modelIdentity: model.identity, recipe: recipe,
        scores: scores ?? .prior(model.graph, modelIdentity: model.identity), budgetBytes: budget?.bytes ?? 0,
        mappedFree: trainer == .permafrost && budget?.mappedFree ?? false, runtimeBytes: share.bytes,
        device: profile?.identifier, task: self.model.task.task)
      (request.trainer, request.trainerOptions) = (trainer, options)
      request.profile = profile
      if budget == nil {
        request.budgetBytes = trainer.budget(for: Plan.given(selection, request).chargedBytes)
      }
      let given = Plan.given(selection, request, keeping: plan?.learnerNodes)
      try Interruption.held { try PlanFile.write(given, to: out) }
    }
    guard trainer == .permafrost else {
      return try output.print(
        TrainerEstimateReport(
          model, recipe, selection, train: train.train, trainer: trainer, options: options,
          processBytes: share.bytes, budgetBytes: budget?.bytes))
    }
    try output.print(
      EstimateReport(
        model, recipe, selection, train: train.train, runtime: share, device: profile, budget: budget))
  }
}
