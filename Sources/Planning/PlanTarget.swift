import Graph
import Steps

/// The trainer that is to carry a plan out: what it can be told is all that is planned.
public struct PlanTarget: Sendable {
  public let name: String
  /// Which recipes it can be told.
  public let recipe: ExpressibleRecipe
  /// Which selections of a model it can carry out.
  public let expressible: @Sendable (EncoderGraph) -> Expressible

  public init(
    name: String, recipe: ExpressibleRecipe, expressible: @escaping @Sendable (EncoderGraph) -> Expressible
  ) {
    self.name = name
    self.recipe = recipe
    self.expressible = expressible
  }

  /// What of a plan's decisions it cannot carry out, as a sentence about "it" without a full stop; nil for nothing.
  public func brokenRule(_ selection: Selection, _ recipe: Recipe, of graph: EncoderGraph) -> String? {
    if let rule = self.recipe.brokenRule(recipe) { return rule }
    return expressible(graph).allows(selection, of: graph) ? nil : "it cannot train exactly these tensors"
  }
}

extension PlanRequest {
  /// The recipes to choose among: those that the target can be told.
  var recipes: [Recipe] { alternatives.recipes(recipe).filter(allows) }

  func allows(_ recipe: Recipe) -> Bool { target?.recipe.allows(recipe) ?? true }

  /// - Throws: ``PlanError/inexpressible(target:reason:)`` where the target can be told none of the recipes.
  func validateTarget() throws(PlanError) {
    guard let target, recipes.isEmpty else { return }
    let reason = alternatives.recipes(recipe).lazy.compactMap(target.recipe.brokenRule).first
    throw .inexpressible(target: target.name, reason: reason ?? "there is no recipe")
  }

  /// All decisions about what trains: one space, or one for each shape of what the target can carry out, the most promising first.
  ///
  /// - Throws: ``PlanError`` where the pins match nothing, contradict each other or every shape.
  func spaces() throws(PlanError) -> [DecisionSpace] {
    guard let target else { return [try DecisionSpace(graph, scores: scores, pins: pins)] }
    let expressible = target.expressible(graph)
    var spaces: [DecisionSpace] = []
    for shape in expressible.shapes {
      do {
        spaces.append(
          try DecisionSpace(
            graph, scores: scores, pins: pins, shape: shape, splitsNodes: expressible.splitsNodes))
      } catch .contradictoryPins {
        continue
      } catch {
        throw error
      }
    }
    guard spaces.isEmpty else {
      return spaces.enumerated().sorted {
        ($1.element.mostScore, $0.offset) < ($0.element.mostScore, $1.offset)
      }
      .map(\.element)
    }
    // What is wrong without the target is the user's to know first.
    _ = try DecisionSpace(graph, scores: scores, pins: pins)
    throw .inexpressible(
      target: target.name,
      reason: expressible.shapes.isEmpty
        ? "it trains no such model"
        : "nothing that it can train agrees with '--train', '--freeze' and '--min-retention'")
  }
}
