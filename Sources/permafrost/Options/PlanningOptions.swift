import ArgumentParser
import Checkpoints
import Exporting
import Planning
import Reporting
import Steps
import TrainerModels

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
      "What forward keeps, as 'estimate' has it; by default decided layer by layer.",
      valueName: "saving"), transform: Accepted.saving)
  var saving: Saving?

  @Option(
    help: ArgumentHelp(
      "Optimizers among which to choose, instead of one: adamw,sgd.", valueName: "list"),
    transform: Accepted.list)
  var optimizers: [Optimizer] = []

  @Option(
    help: ArgumentHelp(
      "Formats of frozen weights among which to choose; by default f32,bf16,int8.", valueName: "list"),
    transform: Accepted.list)
  var frozenFormats: [WeightFormat] = []

  @Option(
    help: ArgumentHelp(
      "Tensors that must train, by shell pattern: 'classifier*'; may be given again.", valueName: "pattern"))
  var train: [String] = []

  @Option(
    help: ArgumentHelp("Tensors that stay frozen: 'embeddings.*'; may be given again.", valueName: "pattern"))
  var freeze: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Least share of every feed-forward pair's nodes that trains (0).", valueName: "percent"),
    transform: Accepted.count(0...100))
  var minRetention = 0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Percent of the score to give up for a recipe whose step takes half the time; 0 for the most score (1).",
      valueName: "percent"),
    transform: Accepted.count(0...100))
  var halfTimeWorth = 1

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "Plan only what this trainer can carry out, named as for 'export --to', such as hf-trainer.",
      valueName: "target"))
  var target: String?

  @OptionGroup var trainer: TrainerOptions
  @OptionGroup var limits: TimeLimitOptions
  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    if shape.optimizer != nil, !optimizers.isEmpty {
      throw ValidationError("'--optimizer' and '--optimizers' exclude each other; give one")
    }
    if shape.frozenWeights != nil, !frozenFormats.isEmpty {
      throw ValidationError("'--frozen-weights' and '--frozen-formats' exclude each other; give one")
    }
    if score != nil, scores == nil {
      throw ValidationError("'--score' chooses among the metrics of '--scores'; give both")
    }
  }

  var input: CommandInput? { .file("the file of '--scores'", scores) }

  /// The question for a model on a device, and where the process's own share comes from.
  ///
  /// - Throws: `ValidationError` where options contradict each other or the model, `PlanError` for unusable scores, and what
  ///   `RuntimeOptions.share` throws.
  func request(
    for model: Model, task: String?, on device: DeviceOptions
  ) throws -> (request: PlanRequest, share: RuntimeShare) {
    let target = try target.map { try ExportTargets.named($0).planTarget(for: model.graph) }
    let profile = try device.profile()
    let recipe = try shape.recipe(for: model, on: profile, saving: saving)
    var scores = try scores.map { try PlanFile.readScores($0, for: model.graph, identity: model.identity) }
    if let score { scores = try scores?.choosing(score) }
    guard let budget = device.budget(on: profile) else {
      throw ValidationError("missing '--device' or '--budget'")
    }
    let (trainer, options) = trainer.choice()
    if device.mappedFree, trainer != .permafrost { throw TrainerModelError.mappedWeights(trainer) }
    let share = try runtime.share(of: trainer, on: profile, model.graph, recipe)
    let isFormatOpen = frozenFormats.isEmpty && shape.frozenWeights == nil
    let alternatives = Alternatives(
      savings: saving.map { [$0] } ?? Alternatives.savings(for: model.graph, trainer: trainer),
      accumulations: shape.accumulate == nil ? Alternatives.accumulations(ofBatch: recipe.batch) : [],
      optimizers: optimizers, frozenWeights: isFormatOpen ? Alternatives.formats(of: trainer) : frozenFormats)
    var request = PlanRequest(
      graph: model.graph, modelName: model.displayName, modelIdentity: model.identity, recipe: recipe,
      alternatives: alternatives,
      scores: scores ?? Scores.prior(model.graph, modelIdentity: model.identity), budgetBytes: budget.bytes,
      mappedFree: trainer == .permafrost && budget.mappedFree, runtimeBytes: share.bytes,
      device: profile?.identifier, task: task)
    (request.trainer, request.trainerOptions) = (trainer, options)
    request.target = target
    request.pins = Pins(train: train, freeze: freeze, minimumRetention: minRetention)
    request.halfTimeWorth = Double(halfTimeWorth) / 100
    request.profile = profile
    let limit = try limits.stepLimit(on: profile, batch: recipe.batch)
    (request.maximumStepSeconds, request.stepLimitOption) = (limit?.seconds, limit?.option)
    return (request, share)
  }
}

extension Scores.Metric: ExpressibleByArgument {}
