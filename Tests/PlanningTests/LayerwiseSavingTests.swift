import Foundation
import Graph
import Optimization
import Steps
import TestSupport
import Testing

@testable import Planning

@Suite("Saving in encoders of more layers than policies are tried for in every way")
struct LayerwiseSavingTests {
  /// Of the first forty some in which one policy for all layers, or keeping the whole last layer, captures less; or as many as `PERMAFROST_SEEDS` says.
  private static let seeds =
    ProcessInfo.processInfo.environment["PERMAFROST_SEEDS"].flatMap { Int($0) }.map { Array(0..<$0) }
    ?? [11, 18, 24, 29, 39]

  @Test("captures as much as the best of all assignments of policies, to the gap", arguments: seeds)
  func best(seed: Int) throws {
    let request = request(seed: seed)
    let plan = try smallPlan(request)
    var every = request
    every.alternatives.savings = Saving.assignments(layers: 4)
    let best = try smallPlan(every)
    #expect(every.alternatives.savings.count == 81)
    #expect(
      plan.objective >= best.objective * (1 - 2 * request.options.relativeGap),
      "seed \(seed): \(plan.objective) by \(plan.recipe.saving), \(best.objective) by \(best.recipe.saving)")
  }

  /// A random encoder of four layers, with most budgets near the least that trains anything.
  private func request(seed: Int) -> PlanRequest {
    var generator = SeededGenerator(seed: seed)
    let graph = randomEncoder(layers: [4], using: &generator)
    var recipe = randomRecipe(.keep, using: &generator)
    (recipe.batch, recipe.sequence, recipe.accumulation) = (5, 8, 1)
    var request = PlanRequest(
      graph: graph, modelName: "random", modelIdentity: "random", recipe: recipe,
      alternatives: Alternatives(savings: Alternatives.savings(for: graph)),
      scores: randomScores(graph, using: &generator), budgetBytes: 0, mappedFree: false, runtimeBytes: 100)
    request.options = SolveOptions(relativeGap: 1e-3)
    let least = Infeasibility.smallestBudget(request, mixing: true) ?? 0
    let most = request.charged(StepProgram(graph, request.recipe, .full(graph))) + request.runtimeBytes
    let share = Double.random(in: 0...0.8, using: &generator)
    request.budgetBytes = least + Int(Double(most - least) * share * share)
    return request
  }
}
