/// Which recipes a trainer can be told, beside what trains.
///
/// Frozen weights in another format than trained ones, the saving policy `cheap` and micro-batches of unequal sizes are this
/// program's own: no other trainer has them.
public struct ExpressibleRecipe: Hashable, Sendable {
  /// Which layers can be told to run again in backward.
  public enum Recomputation: Sendable { case none, allOrNone, anyLayers }

  public var optimizers: [Optimizer]
  public var recomputation: Recomputation
  /// Whether gradients can add up over micro-batches.
  public var accumulates: Bool
  /// Whether the gradient's global norm can be cut.
  public var clips: Bool

  public init(
    optimizers: [Optimizer] = Optimizer.allCases, recomputation: Recomputation = .allOrNone,
    accumulates: Bool = true, clips: Bool = true
  ) {
    self.optimizers = optimizers
    self.recomputation = recomputation
    self.accumulates = accumulates
    self.clips = clips
  }

  public func allows(_ recipe: Recipe) -> Bool { brokenRule(recipe) == nil }

  /// What of a recipe the trainer cannot be told, as a sentence about "it" without a full stop; nil for nothing.
  public func brokenRule(_ recipe: Recipe) -> String? {
    if !optimizers.contains(recipe.optimizer) {
      return "it has no optimizer '\(recipe.optimizer.rawValue)', only "
        + optimizers.map(\.rawValue).joined(separator: ", ")
    }
    if recipe.frozenWeights != .float32 {
      return "it cannot hold frozen weights as \(recipe.frozenWeights.rawValue) beside trained ones"
    }
    if recipe.saving != carriedOut(recipe).saving {
      return "it cannot be told the saving policy '\(recipe.saving)'"
    }
    if recipe.accumulation > 1, !accumulates { return "it cannot cut a batch into micro-batches" }
    if recipe.microBatch * recipe.accumulation != recipe.batch {
      return "it cannot cut a batch of \(recipe.batch) into \(recipe.accumulation) unequal micro-batches"
    }
    if recipe.maximumGradientNorm != nil, !clips { return "it cannot be told to cut the gradient's norm" }
    return nil
  }

  /// What the trainer makes of a recipe's saving policy and formats.
  public func carriedOut(_ recipe: Recipe) -> Recipe {
    var carried = recipe
    carried.frozenWeights = .float32
    carried.saving =
      switch recomputation {
      case .none: .keep
      case .allOrNone: recipe.saving.policies.contains(.recompute) ? .recompute : .keep
      case .anyLayers: Saving(layers: recipe.saving.policies.map { $0 == .recompute ? $0 : .keep })
      }
    return carried
  }
}
