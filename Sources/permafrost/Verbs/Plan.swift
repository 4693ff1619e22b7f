import ArgumentParser
import Checkpoints
import Graph
import Planning
import Reporting
import Steps

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Chooses what to freeze so that training fits, and writes the plan.",
    discussion: "Exits with 1 where nothing fits, and says the smallest budget that would do.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup var shape: ShapeOptions

  @Option(
    help: ArgumentHelp(
      "Scores by 'permafrost prime'; without, a prior that measures nothing.", valueName: "file"))
  var scores: String?

  @Option(
    help: ArgumentHelp(
      "What forward keeps, as 'estimate' has it; by default the best of keep, cheap and recompute.",
      valueName: "saving"), transform: Accepted.saving)
  var saving: Saving?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Where to write the plan; without, it is only shown.", valueName: "file"))
  var out: String?

  @OptionGroup var runtime: RuntimeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if device.device == nil, device.budget == nil {
      throw ValidationError(
        "missing '--device' or '--budget'; accepted is --device raspberry-pi-zero-2w or --budget 350MiB")
    }
  }

  func run() throws {
    if let out { try OutputFile.check(out) }
    let model = try model.resolve()
    let (request, share) = try request(for: model)
    var outcome = try Planner(request).plan()
    switch outcome {
    case .plan(let plan):
      if let out { try Interruption.held { try PlanFile.write(plan, to: out) } }
    case .infeasible(var reason):
      reason.explain(request, smallerModels: smallerModels(than: request))
      outcome = .infeasible(reason)
    }
    try output.print(PlanReport(outcome, of: request, runtime: share))
  }

  private func request(for model: Model) throws -> (PlanRequest, RuntimeShare) {
    let profile = try device.profile()
    let recipe = try shape.recipe(for: model, on: profile, saving: saving)
    let scores = try scores.map { try PlanFile.readScores($0, for: model.graph, identity: model.identity) }
    guard let budget = device.budget(on: profile) else {
      throw ValidationError("missing '--device' or '--budget'")
    }
    let share = try runtime.share(on: profile, model.graph, recipe)
    let request = PlanRequest(
      graph: model.graph, modelName: model.displayName, modelIdentity: model.identity, recipe: recipe,
      policies: saving.map { [$0] } ?? Saving.uniforms,
      scores: scores ?? Scores.prior(model.graph, modelIdentity: model.identity), budgetBytes: budget.bytes,
      mappedFree: budget.mappedFree, runtimeBytes: share.bytes, device: profile?.identifier,
      task: self.model.task.task)
    return (request, share)
  }

  /// The catalogue's models that the batch fits, with the same head.
  private func smallerModels(than request: PlanRequest) -> [(name: String, graph: EncoderGraph)] {
    ModelCatalogue.entries.compactMap { entry in
      let encoder = entry.encoder(predicting: request.graph.configuration.problem)
      guard request.recipe.sequence <= encoder.longestSequence else { return nil }
      return (entry.shortName, EncoderGraph(encoder))
    }
  }
}
