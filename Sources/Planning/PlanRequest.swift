import Devices
import Graph
import Optimization
import Simulation
import Steps
import TrainerModels

/// What the planner is asked.
public struct PlanRequest: Sendable {
  /// The gap to which plans are searched unless another is asked for.
  static let searchedGap = 1e-3

  public var graph: EncoderGraph
  public var modelName: String
  public var modelIdentity: String
  /// Whose training has to fit.
  public var trainer = TrainerModel.permafrost
  /// What decides another trainer's memory beside the recipe.
  public var trainerOptions = PyTorchOptions()
  /// The trainer that is to carry the plan out; nil where any decision will do.
  public var target: PlanTarget?
  /// Batch, sequence and threads, and whatever `alternatives` does not leave open.
  public var recipe: Recipe
  public var alternatives: Alternatives
  public var pins = Pins()
  public var scores: Scores
  public var budgetBytes: Int
  public var mappedFree: Bool
  public var runtimeBytes: Int
  /// The device that the budget is of, by name.
  public var device: String?
  /// The device whose rates time is predicted from; without one, time only ranks.
  public var profile: DeviceProfile?
  /// The most seconds that a step may take by that prediction; needs a profile.
  public var maximumStepSeconds: Double?
  /// The option that the limit comes from, for messages.
  public var stepLimitOption: String?
  /// Share of the score that a step of half the time may capture less; 0 for the most score in whatever time.
  public var halfTimeWorth = 0.0
  public var task: String?
  /// How a tensor is called in the checkpoint.
  public var naming: @Sendable (Parameter) -> String
  /// What another trainer's allocator is taken to hold beside the tensors alive; nil to replay every step.
  var assumedExcessBytes: Int?
  /// What was lowered before; nil to lower every step anew, and keep none.
  var templates: TemplateCache?
  public var options = SolveOptions(relativeGap: searchedGap, nodeLimit: 2000, timeLimit: .seconds(30))

  public init(
    graph: EncoderGraph, modelName: String, modelIdentity: String, recipe: Recipe,
    alternatives: Alternatives = Alternatives(savings: Saving.uniforms), scores: Scores, budgetBytes: Int,
    mappedFree: Bool, runtimeBytes: Int, device: String? = nil, task: String? = nil,
    naming: (@Sendable (Parameter) -> String)? = nil
  ) {
    self.graph = graph
    self.modelName = modelName
    self.modelIdentity = modelIdentity
    self.recipe = recipe
    self.alternatives = alternatives
    self.scores = scores
    self.budgetBytes = budgetBytes
    self.mappedFree = mappedFree
    self.runtimeBytes = runtimeBytes
    self.device = device
    self.task = task
    self.naming = naming ?? { graph.qualifiedName($0) }
  }

  /// Whether the recipes, the trainer and the scores fit the model.
  ///
  /// - Throws: ``PlanError``, and `TrainerModelError` for recipes that the trainer cannot run.
  func validate() throws {
    try validateTarget()
    for recipe in recipes {
      if let rule = recipe.brokenRule(for: graph) { throw PlanError.badRecipe(reason: rule) }
      try trainer.check(recipe)
      try trainer.check(recipe.saving)
    }
    if let rule = scores.brokenRule(graph) { throw PlanError.badScores(reason: rule) }
    if scores.saysNothing {
      throw PlanError.badScores(reason: "every score by '\(scores.metric?.rawValue ?? "")' is 0")
    }
    guard trainer != .permafrost else { return }
    if mappedFree { throw TrainerModelError.mappedWeights(trainer) }
    if maximumStepSeconds != nil { throw TrainerModelError.time(trainer) }
  }

  /// Whether somebody asked for the best so far.
  var isCancelled: Bool { options.cancellation?.isCancelled == true }

  /// Whether every recipe fits the model, and the trainer can run it.
  var isRunnable: Bool {
    recipes.allSatisfy { $0.brokenRule(for: graph) == nil && (try? trainer.check($0)) != nil }
  }

  /// The step under a recipe, with what trains still open.
  func template(_ recipe: Recipe) -> StepTemplate {
    templates?.template(graph, recipe, of: trainer, trainerOptions)
      ?? trainer.template(graph, recipe, trainerOptions)
  }

  /// Bytes of the budget left for the step.
  var capacity: Int { trainer.usableBytes(ofBudget: budgetBytes) - runtimeBytes - (assumedExcessBytes ?? 0) }

  func charged(_ program: StepProgram) -> Int {
    if mappedFree { return program.arenaBytes }
    return assumedExcessBytes == nil ? trainer.peakBytes(of: program.training) : program.peakBytes
  }

  /// The least budget under which a step fits.
  func budget(for program: StepProgram) -> Int { trainer.budget(for: charged(program) + runtimeBytes) }

  /// Hash of the profile, where the plan is for the whole of its device.
  var profileIdentity: String? {
    guard device != nil, let profile else { return nil }
    return try? PlanFile.identity(of: profile)
  }

  /// Profiles measure this program's kernels; of another trainer only the order of recipes is known.
  var clock: StepClock { StepClock(device: timedProfile, threads: recipe.threads) }

  /// The device that a step's time is predicted for; none of another trainer's.
  var timedProfile: DeviceProfile? { trainer == .permafrost ? profile : nil }

  /// Whether a step keeps every limit.
  func accepts(_ program: StepProgram) -> Bool {
    charged(program) <= capacity && isQuickEnough(program.training)
  }

  /// What no placement of a step's buffers, and no allocator, is charged less than.
  func leastCharged(_ step: TrainingStep) -> Int {
    (step.liveBytes().max() ?? 0) + (mappedFree ? 0 : step.mappedBytes)
  }

  /// Whether a step keeps every limit if its buffers can be placed without waste.
  func mayAccept(_ step: TrainingStep) -> Bool {
    leastCharged(step) <= capacity && isQuickEnough(step)
  }

  /// The program of a step that is not placed yet, where it keeps every limit; most do not, which shows before anything is placed.
  func accepted(_ step: TrainingStep, of template: StepTemplate) -> StepProgram? {
    guard mayAccept(step) else { return nil }
    let program = StepProgram(template, step.selection)
    return accepts(program) ? program : nil
  }

  func isQuickEnough(_ step: TrainingStep) -> Bool {
    maximumStepSeconds.map { clock.seconds(step) <= $0 } ?? true
  }
}
