import ArgumentParser
import Checkpoints
import Foundation
import Planning
import Reporting
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Carries a plan out and saves a checkpoint that transformers loads.")

  @Argument(help: "A plan file.")
  var plan: String

  @Option(help: ArgumentHelp("The model, with weights; by default the plan's.", valueName: "model"))
  var model: String?

  @OptionGroup var data: DataOptions
  @OptionGroup var schedule: ScheduleOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write.", valueName: "dir"))
  var out: String

  @Option(help: ArgumentHelp("Where to write the labels and logits of the dev examples.", valueName: "file"))
  var predictions: String?

  @Flag(help: "Replace a checkpoint that is already there.")
  var overwrite = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    let plan = try PlanFile.readPlan(plan)
    guard let dataset = try data.dataset(fallback: plan.task) else {
      throw ValidationError("missing '--data'; accepted is a folder with train and dev files")
    }
    let target = URL(fileURLWithPath: out)
    try CheckpointWriter.checkTarget(target, overwriting: overwrite)
    let model = try plan.resolveModel(model, random: false)
    let preparation = try Preparation(model: model, seed: schedule.seed)
    try preparation.prepare(dataset, for: plan)
    let steps = schedule.count(
      examples: preparation.trainingSummary?.exampleCount, batch: plan.recipe.batch)
    var job = TrainingJob(
      purpose: .save(directory: target.path, overwriting: overwrite), plan: plan,
      modelDirectory: preparation.modelDirectory, trainingData: preparation.trainingData,
      evaluationData: preparation.evaluationData, task: dataset.task.name, labels: preparation.labels,
      steps: steps, learningRate: schedule.learningRate, seed: schedule.seed, rehearses: false)
    job.predictions = predictions.map { URL(fileURLWithPath: $0).path }
    let progress = TrainingProgress(output)
    let outcome = try Worker.run(job, executable: OwnExecutable.path, directory: preparation.directory) {
      progress.show("training", $0)
    }
    guard case .finished(let report) = outcome else { return }
    try output.print(TrainReport(report, directory: target.path))
  }
}
