import Graph
import Steps
import TrainerModels

/// Why nothing fits, and what would: an answer, not an error.
public struct Infeasibility: Sendable, Codable, Equatable {
  public var feasible = false
  public var budgetBytes: Int
  /// The least budget under which this model trains at all with this batch: exact for the engine, because what must train alone needs the
  /// fewest bytes of all selections.
  public var smallestFeasibleBudgetBytes: Int
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
    public var smallestFeasibleBudgetBytes: Int
    /// Whether the change alone makes the budget enough.
    public var suffices: Bool

    static func needsLess(_ one: Change, _ other: Change) -> Bool {
      (one.smallestFeasibleBudgetBytes, one.change) < (other.smallestFeasibleBudgetBytes, other.change)
    }
  }

  public init(
    budgetBytes: Int, smallestFeasibleBudgetBytes: Int, maximumStepSeconds: Double? = nil,
    smallestStepSeconds: Double? = nil
  ) {
    self.budgetBytes = budgetBytes
    self.smallestFeasibleBudgetBytes = smallestFeasibleBudgetBytes
    self.maximumStepSeconds = maximumStepSeconds
    self.smallestStepSeconds = smallestStepSeconds
  }

  /// Whether there is too little time rather than too little memory.
  public var isTooSlow: Bool { smallestFeasibleBudgetBytes <= budgetBytes }

  /// Says what binds, and prices the changes that could help, cheapest need first.
  ///
  /// - Parameter smallerModels: other encoders to consider, by name. Of those that fit the largest is named, and where none does, the one
  ///   that needs least.
  public mutating func explain(_ request: PlanRequest, smallerModels: [(name: String, graph: EncoderGraph)]) {
    if !isTooSlow { peak = Self.leanest(request).map { StepPeak($0.program.training) } }
    var models: [Change] = []
    for case let change? in request.modelChanges(smallerModels).lazy.map(priced) {
      models.append(change)
      if change.suffices { break }
    }
    let model = models.last(where: \.suffices) ?? models.min(by: Change.needsLess)
    changes = (request.singleChanges.compactMap(priced) + [model].compactMap(\.self))
      .filter { $0.smallestFeasibleBudgetBytes < smallestFeasibleBudgetBytes }.sorted(by: Change.needsLess)
  }

  private func priced(_ name: String, _ changed: PlanRequest) -> Change? {
    guard changed.isRunnable, let needed = Self.smallestBudget(changed) else { return nil }
    return Change(change: name, smallestFeasibleBudgetBytes: needed, suffices: needed <= budgetBytes)
  }

  /// What the least that may train needs under the leanest recipe, by simulation; nil where the pins do not fit the model.
  static func smallestBudget(_ request: PlanRequest) -> Int? { leanest(request)?.budgetBytes }

  /// The step that needs the smallest budget, and that budget.
  private static func leanest(_ request: PlanRequest) -> (budgetBytes: Int, program: StepProgram)? {
    var request = request
    // Scores do not matter for it, and another model has others.
    request.scores = .prior(request.graph, modelIdentity: "")
    guard let spaces = try? request.spaces() else { return nil }
    return Set(spaces.map { $0.selection($0.minimal) }).flatMap { selection in
      request.recipes.map { recipe in
        let program = StepProgram(request.template(recipe), selection)
        return (request.budget(for: program), program)
      }
    }.min { $0.0 < $1.0 }
  }
}
