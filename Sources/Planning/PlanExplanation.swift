import Graph
import Steps

/// Why a plan trains what it trains: what each kind of group captures, and what it costs.
public struct PlanExplanation: Sendable, Codable, Equatable {
  /// All groups of one kind, over all layers.
  public struct Row: Sendable, Codable, Equatable {
    public var kind: GroupKind
    public var trainableParameters: Int
    public var parameters: Int
    /// Share of the total score captured.
    public var objective: Double
    /// Bytes that the peak would fall by if the kind stayed frozen; 0 where another moment of the step is as high.
    public var bytes: Int
  }

  /// What budgets a little away would capture, frozen weights and optimizer being as the plan has them.
  public struct Neighbour: Sendable, Codable, Equatable {
    public var budgetBytes: Int
    public var objective: Double
    public var bound: Double
  }

  public var rows: [Row]
  public var peak: StepPeak
  /// What a little more budget would buy: the shadow price of memory; nil where everything trains that may, and where it was interrupted.
  public var more: Neighbour?

  /// Bytes by which the neighbouring budget differs.
  public static let neighbourBytes = 10 << 20
}

extension Planner {
  /// Explains a plan of this planner's request.
  ///
  /// - Throws: ``PlanError`` for a plan of another model, and what the solver throws.
  public func explain(_ plan: Plan) throws -> PlanExplanation {
    let graph = request.graph
    let selection = try plan.selection(of: graph)
    let template = plan.template(of: graph)
    let program = StepProgram(template, selection)
    let total = request.scores.captured(by: .full(graph), of: graph)
    let captured = request.scores.captured(by: selection, of: graph)
    let rows = GroupKind.allCases.compactMap { kind -> PlanExplanation.Row? in
      let groups = graph.groups.filter { $0.kind == kind }
      let parameters = groups.flatMap(\.parameters).map { graph.parameters[$0] }
      let trained = parameters.reduce(0) { $0 + selection.trainedCount($1, of: graph) }
      guard trained > 0 else { return nil }
      let without = selection.freezing(groups)
      let score = captured - request.scores.captured(by: without, of: graph)
      let freed = request.charged(program) - request.charged(StepProgram(template, without))
      return PlanExplanation.Row(
        kind: kind, trainableParameters: trained, parameters: parameters.reduce(0) { $0 + $1.count },
        objective: total > 0 ? score / total : 0, bytes: max(0, freed))
    }
    return PlanExplanation(
      rows: rows, peak: StepPeak(program.training, mappedFree: plan.mappedFree), more: try more(than: plan))
  }

  /// The same question with a little more budget; nil where that is of no use, or was interrupted and would say too little.
  private func more(than plan: Plan) throws -> PlanExplanation.Neighbour? {
    let most = try request.spaces().map(\.mostShare).max() ?? 1
    guard !request.isCancelled, plan.objective < most - 1e-9 else { return nil }
    var other = self
    other.request.budgetBytes += PlanExplanation.neighbourBytes
    // More room is no reason for fewer bits, and these are most of the recipes.
    other.request.alternatives.frozenWeights = [plan.recipe.frozenWeights]
    other.request.alternatives.optimizers = [plan.recipe.optimizer]
    do {
      guard case .plan(let richer) = try other.plan(), !request.isCancelled else { return nil }
      // More room never captures less; a search that ends within its gap may say so.
      let objective = max(richer.objective, plan.objective)
      return PlanExplanation.Neighbour(
        budgetBytes: richer.budgetBytes, objective: objective, bound: max(richer.bound, objective))
    } catch PlanError.interrupted {
      return nil
    }
  }
}

extension Selection {
  /// The same with some groups frozen.
  fileprivate func freezing(_ groups: [ParameterGroup]) -> Selection {
    var selection = self
    for group in groups {
      selection.trainable.subtract(group.parameters)
      if group.kind == .feedForward, let layer = group.layer { selection.retained[layer] = 0 }
    }
    return selection
  }
}
