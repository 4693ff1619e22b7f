import Foundation
import Graph
import Optimization
import Simulation
import Steps
import TestSupport
import Testing

@testable import Planning

/// A planning problem small enough to try every selection by lowering and simulating it.
struct SmallProblem {
  var request: PlanRequest
  let space: DecisionSpace
  private let templates: [StepTemplate]
  /// Every choice with its score, best first.
  private let ranked: [(chosen: [Int?], score: Double)]

  init(seed: Int, choices: Int) {
    var generator = SeededGenerator(seed: seed)
    let graph = randomEncoder(using: &generator)
    let recipe = randomRecipe(.keep, using: &generator)
    let scores = randomScores(graph, using: &generator)
    request = PlanRequest(
      graph: graph, modelName: "random", modelIdentity: "random", recipe: recipe, scores: scores,
      budgetBytes: 0,
      mappedFree: Bool.random(using: &generator), runtimeBytes: generator.pick([0, 1000]))
    request.policies = generator.pick(Saving.uniforms.map { [$0] } + [Saving.uniforms])
    request.options = SolveOptions(relativeGap: generator.pick([0, 0, 1e-3, 0.1]))
    let space = DecisionSpace(graph, scores: scores, pinned: request.pinned)
      .restricted(to: choices, using: &generator)
    self.space = space
    templates = request.policies.map { policy in
      var recipe = recipe
      recipe.saving = policy
      return StepTemplate(graph, recipe)
    }
    ranked = space.all.map { ($0, space.score($0)) }.sorted { $0.score > $1.score }
    // Budgets crowd near the bottom, where little fits and every byte counts.
    let least = smallestBudget(space.minimal)
    let most = max(smallestBudget(space.full), least)
    let share = Double.random(in: -0.1...1.1, using: &generator)
    request.budgetBytes = least + Int((Double(most - least) * share * abs(share)).rounded())
  }

  /// The least budget under which a choice fits with some policy, by lowering and packing it.
  func smallestBudget(_ chosen: [Int?]) -> Int {
    let charged = templates.map { request.charged(StepProgram($0, space.selection(chosen))) }
    return (charged.min() ?? 0) + request.runtimeBytes
  }

  /// The largest share of the score that fits, or nil when nothing does.
  func optimum() -> Double? {
    let total = space.totalScore > 0 ? space.totalScore : 1
    return ranked.first { fits($0.chosen) }.map { $0.score / total }
  }

  private func fits(_ chosen: [Int?]) -> Bool {
    templates.contains { request.charged(StepProgram($0, space.selection(chosen))) <= request.capacity }
  }

  /// The least budget under which anything fits.
  func smallestBudget() -> Int { ranked.map { smallestBudget($0.chosen) }.min() ?? 0 }
}

@Suite("The planner, against every selection tried one by one")
struct BruteForceTests {
  /// As many as `PERMAFROST_SEEDS` says, or 200.
  ///
  /// The last two once failed: a gap that added up over policies, a placement
  /// that was given up too early.
  static let seeds =
    Array(0..<(ProcessInfo.processInfo.environment["PERMAFROST_SEEDS"].flatMap { Int($0) } ?? 200)) + [
      947, 1877,
    ]

  @Test("finds the optimum, never claims more, and says infeasible exactly when nothing fits", arguments: seeds)
  func agrees(seed: Int) throws {
    let problem = SmallProblem(seed: seed, choices: 200)
    let request = problem.request
    let optimum = problem.optimum()
    switch try Planner(request).plan(over: problem.space) {
    case .infeasible(let answer):
      #expect(optimum == nil, "seed \(seed)")
      #expect(answer.smallestFeasibleBudgetBytes == problem.smallestBudget(), "seed \(seed)")
    case .plan(let plan):
      let optimum = try #require(optimum, "seed \(seed)")
      // The solver's own tolerance; see SolveResult.bound.
      let allowed = max(request.options.relativeGap, 1e-6)
      #expect(plan.bound >= optimum - 1e-6, "seed \(seed): bound \(plan.bound), optimum \(optimum)")
      #expect(plan.objective <= optimum + 1e-12, "seed \(seed): \(plan.objective) of \(optimum)")
      #expect(plan.objective >= optimum * (1 - allowed), "seed \(seed): \(plan.objective) of \(optimum)")
      #expect(plan.gap <= allowed || plan.termination == "no placement found", "seed \(seed): gap \(plan.gap)")
      #expect(plan.chargedBytes <= request.budgetBytes, "seed \(seed)")
      let step = StepProgram(request.graph, plan.recipe, try plan.selection(of: request.graph))
      #expect(step.peakBytes == plan.predictedPeakBytes, "seed \(seed)")
    }
  }
}
