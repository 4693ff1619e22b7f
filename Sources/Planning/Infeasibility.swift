import Graph
import Steps
import TrainerModels

/// Why nothing fits, and what would: an answer, not an error.
public struct Infeasibility: Sendable, Codable, Equatable {
  public var kind = "permafrost-infeasibility"
  public var feasible = false
  public var budgetBytes: Int
  /// What the process takes of it before its first tensor.
  public var runtimeBytes: Int
  /// The least budget under which this model trains at all with this batch, within the limit of time; nil where no step is quick enough.
  ///
  /// Exact for the engine, because what must train alone needs the fewest bytes of all selections. Of saving policies with more layers than
  /// are tried in every way, it is the least that changing one layer after another finds.
  public var smallestFeasibleBudgetBytes: Int?
  /// What binds: the peak of the step that needs the smallest budget.
  ///
  /// nil until ``explain(_:smallerModels:)``, and where it is time that is short.
  public var peak: StepPeak?
  /// The time limit of a step, where there was one, and the quickest step there is.
  public var maximumStepSeconds: Double?
  public var smallestStepSeconds: Double?
  /// Single changes and the smallest budget that each would need.
  public var changes: [Change] = []

  public struct Change: Sendable, Codable, Equatable {
    public var change: String
    /// Enough with the change, and the least by the saving policies that are searched, or layer by layer where that may decide whether the
    /// change suffices.
    public var smallestFeasibleBudgetBytes: Int
    /// Whether the change alone makes the budget enough.
    public var suffices: Bool

    static func needsLess(_ one: Change, _ other: Change) -> Bool {
      (one.smallestFeasibleBudgetBytes, one.change) < (other.smallestFeasibleBudgetBytes, other.change)
    }
  }

  public init(
    budgetBytes: Int, runtimeBytes: Int, smallestFeasibleBudgetBytes: Int?, maximumStepSeconds: Double? = nil,
    smallestStepSeconds: Double? = nil
  ) {
    self.budgetBytes = budgetBytes
    self.runtimeBytes = runtimeBytes
    self.smallestFeasibleBudgetBytes = smallestFeasibleBudgetBytes
    self.maximumStepSeconds = maximumStepSeconds
    self.smallestStepSeconds = smallestStepSeconds
  }

  /// A change that saves less than this part of the smallest budget, and does not suffice, is not named.
  private static let leastSaving = 100

  /// The part of a budget that deciding saving layer by layer is not known to save.
  private static let mostMixedSaving = 8

  /// Whether there is too little time, whatever the memory.
  public var isTooSlow: Bool { smallestFeasibleBudgetBytes == nil }

  /// Says what binds, and prices the changes that could help, cheapest need first.
  ///
  /// - Parameter smallerModels: other encoders to consider, by name. Of those that fit the largest is named, and where none does, the one
  ///   that needs least.
  public mutating func explain(_ request: PlanRequest, smallerModels: [(name: String, graph: EncoderGraph)]) {
    peak = (try? request.spaces()).flatMap { Self.leanest(request, over: $0, mixing: true) }
      .map { StepPeak($0.program.training, mappedFree: request.mappedFree) }
    var models: [Change] = []
    for case let change? in request.modelChanges(smallerModels).lazy.map(priced) {
      models.append(change)
      if change.suffices { break }
    }
    let model = models.last(where: \.suffices) ?? models.min(by: Change.needsLess)
    let all = request.singleChanges.compactMap(priced) + [model].compactMap(\.self)
    let worthwhile = smallestFeasibleBudgetBytes.map { $0 - $0 / Self.leastSaving } ?? .max
    changes = all.filter { $0.suffices || $0.smallestFeasibleBudgetBytes < worthwhile }
      .sorted(by: Change.needsLess)
  }

  private func priced(_ name: String, _ changed: PlanRequest) -> Change? {
    guard changed.isRunnable, var needed = Self.smallestBudget(changed) else { return nil }
    // Layer by layer it takes a little less, which takes long to find out and matters only where that may suffice.
    if needed > budgetBytes, needed - needed / Self.mostMixedSaving <= budgetBytes {
      needed = Self.smallestBudget(changed, mixing: true) ?? needed
    }
    return Change(change: name, smallestFeasibleBudgetBytes: needed, suffices: needed <= budgetBytes)
  }

  /// What the least that may train needs under the leanest recipe that is quick enough, by simulation; nil where none is, and where the pins
  /// do not fit the model.
  static func smallestBudget(_ request: PlanRequest, mixing: Bool = false) -> Int? {
    var request = request
    // Scores do not matter for it, and another model has others.
    request.scores = .prior(request.graph, modelIdentity: "")
    return (try? request.spaces()).flatMap { leanest(request, over: $0, mixing: mixing) }?.budgetBytes
  }

  /// The step that needs the smallest budget, and that budget.
  typealias Leanest = (budgetBytes: Int, program: StepProgram)

  /// - Parameter mixing: whether saving is decided layer by layer where it is open, which takes a step for every layer and policy.
  static func leanest(_ request: PlanRequest, over spaces: [DecisionSpace], mixing: Bool) -> Leanest? {
    var selections: [Selection] = []
    for selection in spaces.map({ $0.selection($0.minimal) }) where !selections.contains(selection) {
      selections.append(selection)
    }
    let searched = selections.flatMap { selection in
      request.recipes.compactMap { leanest(request, $0, selection, below: .max) }
    }.min { $0.budgetBytes < $1.budgetBytes }
    guard mixing, let searched, request.refinesSaving else { return searched }
    return mixed(request, searched)
  }

  /// The step under a recipe, where it is quick enough and needs a smaller budget than what is known.
  private static func leanest(
    _ request: PlanRequest, _ recipe: Recipe, _ selection: Selection, below known: Int
  ) -> Leanest? {
    let template = request.template(recipe)
    let step = TrainingStep(unplaced: template, selection)
    let least = request.trainer.budget(for: request.leastCharged(step) + request.runtimeBytes)
    guard least < known, request.isQuickEnough(step) else { return nil }
    let program = StepProgram(template, selection)
    let budget = request.budget(for: program)
    return budget < known ? (budget, program) : nil
  }

  /// The same with another policy in every layer where that needs less, from the last on, whose backward runs while most is saved.
  private static func mixed(_ request: PlanRequest, _ searched: Leanest) -> Leanest {
    var best = searched
    for layer in (0..<request.graph.configuration.layerCount).reversed() {
      for policy in request.trainer.savingPolicies {
        var recipe = best.program.training.recipe
        guard policy != recipe.saving[layer] else { continue }
        recipe.saving = recipe.saving.replacing(layer, by: policy, of: request.graph.configuration.layerCount)
        guard request.allows(recipe) else { continue }
        let selection = best.program.training.selection
        best = leanest(request, recipe, selection, below: best.budgetBytes) ?? best
      }
    }
    return best
  }
}
