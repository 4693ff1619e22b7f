import Graph
import Steps
import TrainerModels

/// What the user accepts beside the trainable set: the recipes among which the planner may choose.
///
/// An empty list leaves the request's own recipe as it is.
public struct Alternatives: Sendable, Codable, Equatable {
  public var savings: [Saving] = []
  /// Numbers of micro-batches.
  public var accumulations: [Int] = []
  public var optimizers: [Optimizer] = []
  public var frozenWeights: [WeightFormat] = []

  public init(
    savings: [Saving] = [], accumulations: [Int] = [], optimizers: [Optimizer] = [],
    frozenWeights: [WeightFormat] = []
  ) {
    self.savings = savings
    self.accumulations = accumulations
    self.optimizers = optimizers
    self.frozenWeights = frozenWeights
  }

  /// Every recipe that differs from the given one in what is left open, each once.
  func recipes(_ recipe: Recipe) -> [Recipe] {
    func open<Value>(_ values: [Value], _ key: WritableKeyPath<Recipe, Value>, _ recipes: [Recipe]) -> [Recipe]
    {
      guard !values.isEmpty else { return recipes }
      return recipes.flatMap { recipe in
        values.map { value in
          var changed = recipe
          changed[keyPath: key] = value
          return changed
        }
      }
    }
    var recipes = [recipe]
    recipes = open(optimizers, \.optimizer, recipes)
    recipes = open(frozenWeights, \.frozenWeights, recipes)
    recipes = open(accumulations, \.accumulation, recipes)
    recipes = open(savings, \.saving, recipes)
    var seen = Set<Recipe>()
    return recipes.filter { seen.insert($0).inserted }
  }

  /// Ways to cut a batch: whole, in halves, quarters and so on, and into single sequences; each by the number of runs that it makes.
  public static func accumulations(ofBatch batch: Int) -> [Int] {
    var counts: [Int] = []
    var count = 1
    while count < batch {
      counts.append(count)
      count *= 2
    }
    return (counts + [batch]).reduce(into: []) { distinct, count in
      let runs = Recipe(batch: batch, sequence: 1, accumulation: count).microBatches
      if distinct.last != runs { distinct.append(runs) }
    }
  }

  /// Formats of frozen weights that are searched unless others are asked for.
  ///
  /// BF16 halves the bytes of weights that do not move, INT8 halves them again; what is computed, learned and saved stays F32
  /// (docs/decisions/0006 has what that costs in accuracy). Other trainers hold all weights in one format.
  public static func formats(of trainer: TrainerModel) -> [WeightFormat] {
    trainer == .permafrost ? [.float32, .bfloat16, .int8] : []
  }

  /// Most layers for which every assignment of saving policies is searched; 3⁴ searches are already too many.
  private static let mostFreeLayers = 3

  /// Saving policies to search: every assignment for a few layers; for more, one for all layers, but the last cheap where the others recompute.
  ///
  /// Recomputing the last layer saves nothing, as its backward follows its forward, and costs its input. With more layers a search's answer is
  /// afterwards given leaner and quicker policies, layer by layer.
  public static func savings(for graph: EncoderGraph, trainer: TrainerModel = .permafrost) -> [Saving] {
    let layers = graph.configuration.layerCount
    let policies = trainer.savingPolicies
    if isFree(layers) {
      let all = (0..<layers).reduce([[SavingPolicy]]([[]])) { prefixes, _ in
        prefixes.flatMap { prefix in policies.map { prefix + [$0] } }
      }
      return all.map { Saving(layers: $0) }
    }
    // Which layer it is leaner to keep in another trainer, its allocator decides.
    guard policies.contains(.cheap) else { return policies.map { Saving($0) } }
    return [.keep, .cheap, Saving(layers: Array(repeating: .recompute, count: layers - 1) + [.cheap])]
  }

  static func isFree(_ layers: Int) -> Bool { layers <= mostFreeLayers }
}

extension PlanRequest {
  /// Whether saving is open, with too many layers for every assignment of policies to be searched.
  var refinesSaving: Bool {
    !Alternatives.isFree(graph.configuration.layerCount)
      && alternatives.savings == Alternatives.savings(for: graph, trainer: trainer)
  }
}
