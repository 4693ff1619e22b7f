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
      Writes a score for every tensor and every feed-forward node: the L1 norm of its change. Priming trains all of the model, \
      so it needs the memory of full fine-tuning; do it on a machine that has it.
      """)

  @Argument(help: "A directory with config.json and weights, or a repository in the Hugging Face cache.")
  var model: String

  @OptionGroup var data: DataOptions
  @OptionGroup var shape: ShapeOptions
  @OptionGroup var schedule: ScheduleOptions

  @Option(help: Accepted.savingHelp, transform: Accepted.saving)
  var saving: Saving = .cheap

  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write the scores.", valueName: "file"))
  var out: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    guard let dataset = try data.dataset(fallback: nil) else {
      throw ValidationError("missing '--data'; accepted is a folder with train and dev files")
    }
    let model = try ModelSource.resolve(model, problem: dataset.problem, needsWeights: true)
    let recipe = try shape.recipe(for: model, saving: saving)
    let preparation = try Preparation(model: model, seed: schedule.seed)
    try preparation.prepare(dataset, maximumLength: recipe.sequence)
    let examples = preparation.trainingSummary?.exampleCount
    let steps = schedule.count(
      examples: examples, batch: recipe.batch, fallback: Self.defaultSteps(examples, recipe))
    let plan = Plan.given(
      .full(model.graph),
      PlanRequest(
        graph: model.graph, modelName: model.displayName, modelIdentity: model.identity, recipe: recipe,
        scores: .prior(model.graph, modelIdentity: model.identity), budgetBytes: .max, mappedFree: false,
        runtimeBytes: 0, task: dataset.task.name))
    let job = TrainingJob(
      purpose: .prime(scores: URL(fileURLWithPath: out).path), plan: plan,
      modelDirectory: preparation.modelDirectory, trainingData: preparation.trainingData,
      evaluationData: nil, task: dataset.task.name, settings: schedule.settings(steps: steps), rehearses: false)
    let progress = TrainingProgress(output)
    let outcome = try Worker.run(job, executable: OwnExecutable.path, directory: preparation.directory) {
      progress.show("priming", $0)
    }
    guard case .finished(let report) = outcome else { return }
    let scores = try PlanFile.readScores(out, for: model.graph, identity: model.identity)
    try output.print(PrimeReport(scores, of: model.graph, file: out, training: report))
  }

  /// One percent of three epochs, as the paper primes, but enough steps for a signal.
  private static func defaultSteps(_ examples: Int?, _ recipe: Recipe) -> Int {
    max(20, (examples ?? 0) * 3 / recipe.batch / 100)
  }
}
