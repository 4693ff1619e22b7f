import Foundation
import Graph
import Steps
import Testing

@testable import Planning

/// Cutting a batch saves much here, and costs time.
private func request(budget: Double) -> PlanRequest {
  let graph = EncoderGraph(
    EncoderConfiguration(
      family: .bert, vocabularySize: 97, maximumPositions: 64, hiddenSize: 32, feedForwardSize: 128,
      layerCount: 4, headCount: 2))
  let alternatives = Alternatives(
    savings: Alternatives.savings(for: graph), accumulations: Alternatives.accumulations(ofBatch: 8))
  var request = PlanRequest(
    graph: graph, modelName: "small", modelIdentity: "small", recipe: Recipe(batch: 8, sequence: 32),
    alternatives: alternatives, scores: Scores.prior(graph, modelIdentity: "small"), budgetBytes: 0,
    mappedFree: false, runtimeBytes: 0)
  let full = request.charged(StepProgram(graph, request.recipe, .full(graph)))
  request.budgetBytes = Int(Double(full) * budget)
  return request
}

private func plan(_ request: PlanRequest, halfTimeWorth: Double) throws -> (plan: Plan, seconds: Double) {
  var request = request
  request.halfTimeWorth = halfTimeWorth
  let plan = try smallPlan(request)
  return (plan, request.ordinarySeconds(plan.recipe, try plan.selection(of: request.graph)))
}

@Suite("Where time is worth some of the score")
struct HalfTimeWorthTests {
  @Test(
    "a plan captures at most so much less as its step is quicker, and says that it does",
    arguments: [0.02, 0.1])
  func trades(worth: Double) throws {
    var traded = 0
    for budget in [0.35, 0.6] {
      let request = request(budget: budget)
      let most = try plan(request, halfTimeWorth: 0)
      let (plan, seconds) = try plan(request, halfTimeWorth: worth)
      #expect(plan.chargedBytes <= request.budgetBytes)
      #expect(plan.bound >= most.plan.objective - 1e-6, "no bound over what is possible in more time")
      let allowance = max(1, 1 + worth * log2(most.seconds / seconds))
      let least = most.plan.objective * (1 - request.options.relativeGap) / allowance
      #expect(plan.objective >= least, "\(plan.objective) of \(most.plan.objective) at \(budget)")
      guard plan.status == .quicker else { continue }
      traded += 1
      #expect(seconds < most.seconds && plan.gap > request.options.relativeGap)
    }
    #expect((traded > 0) == (worth > 0.05), "\(traded) traded for \(worth)")
  }

  @Test("the step counts for batches of ordinary length, on which a batch cut into pieces takes longer")
  func ordinary() {
    let request = request(budget: 1)
    let selection = Selection.full(request.graph)
    let seconds = [1, 2, 4, 8].map {
      request.ordinarySeconds(Recipe(batch: 8, sequence: 32, accumulation: $0), selection)
    }
    #expect(zip(seconds, seconds.dropFirst()).allSatisfy { $0 < $1 }, "\(seconds)")
  }
}
