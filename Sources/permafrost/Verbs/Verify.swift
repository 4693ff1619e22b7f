import ArgumentParser
import Checkpoints
import Foundation
import Limits
import Planning
import Reporting
import Tasks
import Training
import Units
import Verification

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Really trains under the plan's limit, measures, and compares with full fine-tuning.",
    discussion: """
      A child process is held to the budget and begins with the largest batch the plan allows, so that every planned byte is touched. \
      Exits with 1 where the plan does not fit, misses its prediction, or loses too much of the metric.

      With '--trainer pytorch' the child is the Python of '--python', which needs torch and transformers. It is held to the same \
      budget and has the same weights, tokens and order of examples; what it predicts is scored here.
      """)

  enum Weights: String, ExpressibleByArgument { case random }

  @Argument(help: "A plan file.")
  var plan: String

  @Option(help: ArgumentHelp("The model, with weights; by default the plan's.", valueName: "model"))
  var model: String?

  @Option(help: "random: measure the memory only, on random weights and tokens; it does not depend on values.")
  var weights: Weights?

  @OptionGroup var data: DataOptions
  @OptionGroup var schedule: ScheduleOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Hold the child to so many bytes instead of the plan's budget.", valueName: "bytes"),
    transform: Accepted.budget)
  var budget: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Full fine-tuning's metric, if known, instead of measuring it.", valueName: "value"),
    transform: Accepted.metric)
  var baselineMetric: Double?

  @Flag(help: "Do not compare with full fine-tuning.")
  var noBaseline = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How much of the metric may be lost against full fine-tuning (0.02).", valueName: "share"),
    transform: Accepted.share)
  var tolerance = 0.02

  @Flag(help: "Also list where the time of a step went, by kernel.")
  var times = false

  @OptionGroup var trainer: TrainerOptions

  @Option(help: ArgumentHelp("The Python of '--trainer pytorch' (python3).", valueName: "path or name"))
  var python: String?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if weights == nil, data.data == nil {
      throw ValidationError(
        "missing '--data'; give a folder with train and dev files, or '--weights random' to measure the memory only"
      )
    }
    if weights != nil, data.data != nil {
      throw ValidationError("'--weights random' learns nothing from '--data'; give one of the two")
    }
    if noBaseline, baselineMetric != nil {
      throw ValidationError("'--no-baseline' and '--baseline-metric' exclude each other; give one")
    }
  }

  func run() throws {
    var plan = try PlanFile.readPlan(plan)
    if let budget { plan.budgetBytes = budget }
    let trainer = try planTrainer(for: plan)
    plan = try trainer.adapted(plan)
    let dataset = try data.dataset(fallback: plan.task)
    let model = try plan.resolveModel(model, random: weights == .random)
    let preparation = try Preparation(
      model: model, seed: schedule.seed, copiesWeights: trainer.model != .permafrost)
    if let dataset {
      try preparation.prepare(dataset, for: plan)
    }
    let steps = schedule.count(
      examples: preparation.trainingSummary?.exampleCount, batch: plan.recipe.batch)
    let verifier = Verifier(
      plan: plan, preparation: preparation, dataset: dataset, trainer: trainer,
      settings: schedule.settings(steps: steps),
      baseline: noBaseline ? .none : baselineMetric.map { .recorded($0) } ?? .measure, tolerance: tolerance)
    let progress = TrainingProgress(output)
    let report = try verifier.verify { progress.show($0, $1) }
    progress.finish()
    if times, let times = report.times { try output.printBeside(times) }
    try output.print(report)
  }

  /// Who is to train: the trainer of the options, else the plan's.
  ///
  /// - Throws: `ValidationError` for options that this trainer has no use for, `TrainerModelError` where it cannot run the recipe, `PythonError`
  ///   where its Python is missing or lacks a package.
  private func planTrainer(for plan: Plan) throws -> any PlanTrainer {
    let (model, options) = trainer.choice(for: plan)
    switch model {
    case .permafrost:
      if python != nil { throw ValidationError("'--python' is for '--trainer pytorch'; leave it out") }
      return EngineTrainer(executable: OwnExecutable.path)
    case .pytorch:
      if times {
        throw ValidationError(
          "'--times' lists kernels of permafrost's engine; it does not go with '--trainer pytorch'")
      }
      try model.check(plan.recipe)
      return PyTorchTrainer(
        python: try PythonInterpreter(python ?? "python3"), options: options,
        producer: "permafrost \(Permafrost.configuration.version)")
    case .pytorchCUDA:
      throw ValidationError(
        "'pytorch-cuda' cannot be held to a budget here; 'verify' runs '--trainer pytorch', on the CPU, and permafrost"
      )
    }
  }
}

extension Plan {
  /// The model to carry the plan out on, with the head the plan was made for.
  ///
  /// - Parameter name: nil where the user named none: the plan may know where to find it.
  func resolveModel(_ name: String?, random: Bool) throws -> Model {
    let model =
      random
      ? Model(configuration: HuggingFaceConfiguration(self.model.configuration), displayName: self.model.name)
      : try resolveWeights(name)
    _ = try selection(of: model)
    return model
  }

  private func resolveWeights(_ name: String?) throws -> Model {
    do {
      return try ModelSource.resolve(
        name ?? self.model.name, problem: self.model.configuration.problem, needsWeights: true)
    } catch ModelSourceError.notFound where name == nil {
      throw PlannedModelError.elsewhere(name: self.model.name)
    }
  }
}

/// Why the model that a plan was made for is not at hand.
enum PlannedModelError: UserFacingError, Equatable {
  /// It was a directory, of which a plan keeps the last part of the path only.
  case elsewhere(name: String)

  var exitStatus: ExitStatus { .missingInput }

  var description: String {
    switch self {
    case .elsewhere(let name):
      "the plan was made for a model in a directory called \(name.quoted); say where that is with '--model DIRECTORY'"
    }
  }
}

extension Preparation {
  /// Tokenizes a data set whose labels must be those that the plan's head predicts.
  func prepare(_ dataset: Dataset, for plan: Plan) throws {
    let head = plan.model.configuration.problem
    guard dataset.problem == head else {
      throw PreparationError.wrongHead(plan: head, data: dataset.problem)
    }
    try prepare(dataset, maximumLength: plan.recipe.sequence)
  }
}
