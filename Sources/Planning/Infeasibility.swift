import Graph
import Steps

/// Why nothing fits, and what would: an answer, not an error.
public struct Infeasibility: Sendable, Codable, Equatable {
  public var feasible = false
  public var budgetBytes: Int
  /// The least budget under which this model trains at all with this batch: exact, because the pinned groups alone need the fewest
  /// bytes of all selections.
  public var smallestFeasibleBudgetBytes: Int
  /// Single changes and the smallest budget that each would need.
  public var changes: [Change] = []

  public struct Change: Sendable, Codable, Equatable {
    public var change: String
    public var smallestFeasibleBudgetBytes: Int
    /// Whether the change alone makes the budget enough.
    public var suffices: Bool
  }

  public init(budgetBytes: Int, smallestFeasibleBudgetBytes: Int) {
    self.budgetBytes = budgetBytes
    self.smallestFeasibleBudgetBytes = smallestFeasibleBudgetBytes
  }

  /// Prices the changes that could help, cheapest need first.
  ///
  /// - Parameter smallerModels: other encoders to consider, by name.
  public mutating func explain(_ request: PlanRequest, smallerModels: [(name: String, graph: EncoderGraph)]) {
    var candidates: [(String, PlanRequest)] = []
    func consider(_ name: String, _ edit: (inout PlanRequest) -> Void) {
      var changed = request
      edit(&changed)
      candidates.append((name, changed))
    }
    for batch in [request.recipe.batch / 2, 1]
    where batch >= request.recipe.accumulation && batch < request.recipe.batch {
      consider("--batch \(batch)") { $0.recipe.batch = batch }
    }
    let shorter = request.recipe.sequence / 2
    if shorter >= 8 { consider("--seq \(shorter)") { $0.recipe.sequence = shorter } }
    for parts in [2, request.recipe.batch]
    where parts > request.recipe.accumulation && parts <= request.recipe.batch {
      consider("--accumulate \(parts)") { $0.recipe.accumulation = parts }
    }
    for optimizer in Optimizer.allCases where optimizer != request.recipe.optimizer {
      consider("--optimizer \(optimizer.rawValue)") { $0.recipe.optimizer = optimizer }
    }
    for format in WeightFormat.allCases where format != request.recipe.frozenWeights {
      consider("--frozen-weights \(format.rawValue)") { $0.recipe.frozenWeights = format }
    }
    if !request.mappedFree {
      consider("--mapped-free, where the system can drop clean mapped pages") { $0.mappedFree = true }
    }
    for (name, graph) in smallerModels where graph.parameterCount < request.graph.parameterCount {
      consider("the smaller model \(name)") { $0.graph = graph }
    }
    changes = candidates.map { name, changed in
      let needed = Self.smallestBudget(changed)
      return Change(change: name, smallestFeasibleBudgetBytes: needed, suffices: needed <= budgetBytes)
    }.filter { $0.smallestFeasibleBudgetBytes < smallestFeasibleBudgetBytes }.sorted {
      ($0.smallestFeasibleBudgetBytes, $0.change) < ($1.smallestFeasibleBudgetBytes, $1.change)
    }
  }

  /// What the pinned groups alone need under the leanest policy, by simulation.
  static func smallestBudget(_ request: PlanRequest) -> Int {
    var selection = Selection.frozen(request.graph)
    for group in request.graph.groups where request.pinned.contains(group.kind) {
      selection.train(group, of: request.graph)
    }
    let charged = request.policies.map { policy in
      var recipe = request.recipe
      recipe.saving = policy
      return request.charged(StepProgram(request.graph, recipe, selection))
    }
    return (charged.min() ?? 0) + request.runtimeBytes
  }
}
