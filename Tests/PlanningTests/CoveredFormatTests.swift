import Graph
import Optimization
import Steps
import TestSupport
import Testing

@testable import Planning

@Suite("Formats of frozen weights that another covers")
struct CoveredFormatTests {
  private func request(nodes: Int, budget: Int = 0) -> PlanRequest {
    let graph = EncoderGraph(
      EncoderConfiguration(
        family: .bert, vocabularySize: 97, maximumPositions: 24, hiddenSize: 64, feedForwardSize: nodes,
        layerCount: 2,
        headCount: 4))
    return PlanRequest(
      graph: graph, modelName: "small", modelIdentity: "small", recipe: Recipe(batch: 4, sequence: 16),
      alternatives: Alternatives(savings: [.keep, .recompute], frozenWeights: WeightFormat.allCases),
      scores: .prior(graph, modelIdentity: "small"), budgetBytes: budget, mappedFree: false, runtimeBytes: 0)
  }

  @Test("need no fewer bytes than it, whatever is chosen", arguments: [1, 7, 20, 256])
  func bytes(nodes: Int) throws {
    let request = request(nodes: nodes)
    let space = try DecisionSpace(request.graph, scores: request.scores)
    var generator = SeededGenerator(seed: nodes)
    var covered = 0
    for format in WeightFormat.allCases {
      for other in WeightFormat.allCases where other != format && space.isLean(other, beside: format) {
        covered += 1
        for _ in 0..<20 {
          let selection = space.selection(space.randomChoice(using: &generator))
          let needs = [other, format].map { format in
            var recipe = request.recipe
            recipe.frozenWeights = format
            return request.leastCharged(TrainingStep(unplaced: request.template(recipe), selection))
          }
          #expect(needs[0] <= needs[1], "\(other) beside \(format), seed \(nodes)")
        }
      }
    }
    // F32 is covered by all others, and the 16-bit formats by each other; INT8's scales weigh on the narrowest slices.
    #expect(covered == (nodes > 7 ? 7 : 5))
  }

  @Test("are left out, and the plan is the best of all formats")
  func plans() throws {
    let full = StepProgram(
      request(nodes: 256).graph, Recipe(batch: 4, sequence: 16), .full(request(nodes: 256).graph))
    for percent in [20, 35, 50, 65] {
      let request = request(nodes: 256, budget: full.peakBytes * percent / 100)
      let plan = try smallPlan(request)
      // Under some nothing fits.
      let alone = WeightFormat.allCases.compactMap { format in
        var request = request
        request.alternatives.frozenWeights = [format]
        return try? smallPlan(request)
      }
      #expect(plan.objective >= (alone.map(\.objective).max() ?? 0) * (1 - 2 * request.options.relativeGap))
      #expect(plan.rounds < alone.map(\.rounds).reduce(0, +))
      // Under a limit of time, here one that is never reached, none is left out.
      var limited = request
      limited.maximumStepSeconds = 1e9
      let all = try smallPlan(limited)
      #expect(plan.objective >= all.objective * (1 - 2 * request.options.relativeGap))
      #expect(plan.rounds < all.rounds, "\(percent) %: \(plan.rounds) of \(all.rounds)")
    }
  }

  @Test("are not those of another recipe, nor where time is limited or mapped weights cost nothing")
  func others() throws {
    var request = request(nodes: 256)
    let space = try DecisionSpace(request.graph, scores: request.scores)
    let (plain, lean) = (request.recipe, Recipe(batch: 4, sequence: 16, frozenWeights: .int8))
    #expect(request.isCovered(plain, by: lean, in: space) && !request.isCovered(lean, by: plain, in: space))
    var other = lean
    other.saving = .recompute
    #expect(!request.isCovered(plain, by: other, in: space))
    request.maximumStepSeconds = 1
    #expect(!request.isCovered(plain, by: lean, in: space))
    request.maximumStepSeconds = nil
    request.mappedFree = true
    #expect(!request.isCovered(plain, by: lean, in: space))
  }
}
