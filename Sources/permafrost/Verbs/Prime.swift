import ArgumentParser
import Checkpoints
import Foundation
import Planning
import Reporting
import Steps
import Training
import Units

struct PrimeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prime",
    abstract: "Trains everything for a short stretch and scores what moves (FAR's priming).",
    discussion: """
      Writes scores for every tensor and every feed-forward node by several metrics, of which 'plan --score' chooses one. \
      With --device or --budget priming fits it: what cannot train at once trains in turns, and takes as many times as long.
      """)

  @Argument(help: "A directory with config.json and weights, or a repository in the Hugging Face cache.")
  var model: String

  @OptionGroup var data: DataOptions
  @OptionGroup var shape: ShapeOptions
  @OptionGroup var schedule: ScheduleOptions

  @OptionGroup var device: DeviceOptions
  @OptionGroup var runtime: RuntimeOptions

  @Option(
    help: Accepted.savingHelp(default: "cheap, or with a budget recompute where that is not enough"),
    transform: Accepted.saving)
  var saving: Saving?

  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write the scores.", valueName: "file"))
  var out: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    try CommandFiles(
      reads: [.model(model), .data(data.data), .device(device.device)], writes: [CommandOutput("-o", out)]
    ).check()
    guard let dataset = try data.dataset(fallback: nil) else {
      throw ValidationError("missing '--data'; accepted is a folder with train and dev files")
    }
    let model = try ModelSource.resolve(model, problem: dataset.problem, needsWeights: true)
    let profile = try device.profile()
    let recipe = try shape.recipe(for: model, on: profile, saving: saving ?? .cheap)
    let budget = try device.budget(on: profile).map { budget in
      Primer.Budget(
        bytes: budget.bytes, mappedFree: budget.mappedFree,
        runtimeBytes: try runtime.share(on: profile, model.graph, recipe).bytes)
    }
    let preparation = try Preparation(model: model, seed: schedule.seed)
    try preparation.prepare(dataset, maximumLength: recipe.sequence)
    let examples = preparation.trainingSummary?.exampleCount
    let steps = schedule.count(
      examples: examples, batch: recipe.batch, fallback: Self.defaultSteps(examples, recipe))
    let primer = Primer(
      preparation: preparation, recipe: recipe,
      policies: saving.map { [$0] } ?? (budget == nil ? [.cheap] : [.cheap, .recompute]),
      task: dataset.task.name, settings: schedule.settings(steps: steps), budget: budget,
      executable: OwnExecutable.path)
    let progress = TrainingProgress(output)
    defer { progress.finish() }
    let result = try primer.prime { progress.show($0, $1) }
    progress.finish()
    try Interruption.held { try PlanFile.write(result.scores, to: out) }
    try output.print(PrimeReport(result, of: model.graph, file: out))
  }

  /// One percent of three epochs, as the paper primes, but enough steps for a signal.
  private static func defaultSteps(_ examples: Int?, _ recipe: Recipe) -> Int {
    max(20, (examples ?? 0) * 3 / recipe.batch / 100)
  }
}
