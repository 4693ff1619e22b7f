import Devices
import Graph
import Optimization
import Simulation
import Steps

/// What the planner is asked.
public struct PlanRequest: Sendable {
  public var graph: EncoderGraph
  public var modelName: String
  public var modelIdentity: String
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
  public var task: String?
  /// How a tensor is called in the checkpoint.
  public var naming: @Sendable (Parameter) -> String
  public var options = SolveOptions(relativeGap: 1e-3, nodeLimit: 2000, timeLimit: .seconds(30))

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

  /// Whether the recipes and the scores fit the model.
  ///
  /// - Throws: ``PlanError``.
  func validate() throws(PlanError) {
    for recipe in alternatives.recipes(recipe) {
      if let rule = recipe.brokenRule(for: graph) { throw .badRecipe(reason: rule) }
    }
    if let rule = scores.brokenRule(graph) { throw .badScores(reason: rule) }
  }

  /// Bytes of the budget left for the step.
  var capacity: Int { budgetBytes - runtimeBytes }

  func charged(_ program: StepProgram) -> Int { mappedFree ? program.arenaBytes : program.peakBytes }

  /// Hash of the profile, where the plan is for the whole of its device.
  var profileIdentity: String? {
    guard device != nil, let profile else { return nil }
    return try? PlanFile.identity(of: profile)
  }

  var clock: StepClock { StepClock(device: profile) }

  /// Whether a step keeps every limit.
  func accepts(_ program: StepProgram) -> Bool {
    charged(program) <= capacity && isQuickEnough(program)
  }

  func isQuickEnough(_ program: StepProgram) -> Bool {
    maximumStepSeconds.map { clock.seconds(program.training) <= $0 } ?? true
  }

  /// Whether one of two steps that train the same is to be preferred: the quicker one, then the smaller one, then the one whose
  /// frozen weights would be held more exactly.
  func prefers(_ program: StepProgram, to other: StepProgram) -> Bool {
    func cost(_ program: StepProgram) -> (Double, Int, Int) {
      let format = WeightFormat.allCases.firstIndex(of: program.training.recipe.frozenWeights) ?? 0
      return (clock.seconds(program.training), charged(program), format)
    }
    return cost(program) < cost(other)
  }
}
