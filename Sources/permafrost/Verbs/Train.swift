import ArgumentParser
import Checkpoints
import Foundation
import Planning
import Reporting
import Tasks
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Carries a plan out and saves a checkpoint that transformers loads.",
    discussion: """
      With --checkpoints a run that was interrupted or killed goes on with --resume, to the same losses and weights, bit for bit: \
      give the same command otherwise. Ctrl-C stops at the end of the step; a second one at once.
      """)

  @Argument(help: "A plan file.")
  var plan: String

  @Option(help: ArgumentHelp("The model, with weights; by default the plan's.", valueName: "model"))
  var model: String?

  @OptionGroup var data: DataOptions
  @OptionGroup var schedule: ScheduleOptions
  @OptionGroup var between: RunOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write.", valueName: "dir"))
  var out: String

  @Option(help: ArgumentHelp("Where to write the labels and logits of the dev examples.", valueName: "file"))
  var predictions: String?

  @Flag(help: "Replace a checkpoint that is already there.")
  var overwrite = false

  @Flag(help: "Also list where the time of a step went, by kernel.")
  var times = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    let plan = try PlanFile.readPlan(plan)
    try plan.requireOwnTrainer(for: "train")
    guard let dataset = try data.dataset(fallback: plan.task) else {
      throw ValidationError("missing '--data'; accepted is a folder with train and dev files")
    }
    if plan.chargedBytes > plan.budgetBytes {
      output.note(
        "the plan does not fit its own budget, and 'train' holds nothing to it; 'permafrost plan' makes one that fits"
      )
    }
    let target = URL(fileURLWithPath: out)
    let folder = between.folder(beside: target.path)
    try checkFiles(plan, target, folder: folder)
    let model = try plan.resolveModel(model, random: false)
    let preparation = try Preparation(model: model, seed: schedule.seed)
    try preparation.prepare(dataset, for: plan)
    let job = try job(plan, preparation, dataset, target: target.path, folder: folder)
    let progress = TrainingProgress(output)
    defer { progress.finish() }
    let outcome = try Worker.run(job, executable: OwnExecutable.path, directory: preparation.directory) {
      progress.show("training", $0)
    }
    progress.finish()
    guard case .finished(let report) = outcome else { return }
    if times, let times = report.times { try output.printBeside(times) }
    try output.print(TrainReport(report, of: plan, directory: target.path))
  }

  /// Finds out before anything is trained whether the results can be written, and that they replace nothing that is read.
  private func checkFiles(_ plan: Plan, _ target: URL, folder: String?) throws {
    if let folder, !folder.isEmpty { try RunFolder(folder).check(resumes: between.resume != nil) }
    try CommandFiles(
      reads: [.file("the plan", self.plan), .model(model ?? plan.model.name), .data(data.data)],
      writes: [
        CommandOutput("-o", out, .replacedFolder), CommandOutput("--predictions", predictions),
        CommandOutput(between.resume == nil ? "--checkpoints" : "--resume", folder, .folder),
      ]
    ).check()
    try CheckpointWriter.checkTarget(target, overwriting: overwrite)
  }

  private func job(
    _ plan: Plan, _ preparation: Preparation, _ dataset: Dataset, target: String, folder: String?
  ) throws -> TrainingJob {
    let steps = schedule.count(
      examples: preparation.trainingSummary?.exampleCount, batch: plan.recipe.batch)
    var settings = schedule.settings(steps: steps)
    settings.evaluateEvery = between.evaluateEvery
    settings.keeping = between.keep
    var job = TrainingJob(
      purpose: .save(directory: target, overwriting: overwrite), plan: plan,
      modelDirectory: preparation.modelDirectory, trainingData: preparation.trainingData,
      evaluationData: preparation.evaluationData, task: dataset.task.name, labels: preparation.labels,
      settings: settings, rehearses: false)
    job.predictions = predictions.map { URL(fileURLWithPath: $0).path }
    job.checkpoints = try folder.map {
      TrainingJob.Checkpoints(
        directory: URL(fileURLWithPath: $0).path, every: between.checkpointEvery ?? max(1, steps / 10),
        resumes: between.resume != nil,
        origin: try RunOrigin(plan, preparation))
    }
    return job
  }
}
