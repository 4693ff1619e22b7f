import Graph
import Steps

@testable import Optimization
@testable import Planning

/// Three layers that are lowered, planned and simulated in no time.
let smallGraph = EncoderGraph(
  EncoderConfiguration(
    family: .bert, vocabularySize: 97, maximumPositions: 24, hiddenSize: 16, feedForwardSize: 40, layerCount: 3,
    headCount: 4))

/// A question about a small encoder whose budget is this share of the way from the least that trains at all to everything.
func smallRequest(
  _ share: Double, policies: [Saving] = [.keep], mappedFree: Bool = false,
  edit: (inout Scores) -> Void = { _ in }
) -> PlanRequest {
  let graph = smallGraph
  var scores = Scores.prior(graph, modelIdentity: "small")
  edit(&scores)
  var request = PlanRequest(
    graph: graph, modelName: "small", modelIdentity: "small", recipe: Recipe(batch: 3, sequence: 8),
    alternatives: Alternatives(savings: policies), scores: scores, budgetBytes: 0, mappedFree: mappedFree,
    runtimeBytes: 100)
  let least = Infeasibility.smallestBudget(request) ?? 0
  let most = request.charged(StepProgram(graph, request.recipe, .full(graph))) + request.runtimeBytes
  request.budgetBytes = least + Int(Double(most - least) * share)
  return request
}

/// The plan of a request that has one.
func smallPlan(_ request: PlanRequest, _ solver: any MILPSolver = GLPKSolver()) throws -> Plan {
  guard case .plan(let plan) = try Planner(request, solver: solver).plan() else {
    throw PlanError.badScores(reason: "the request is infeasible")
  }
  return plan
}

extension Saving {
  /// Every assignment of policies to so many layers.
  static func assignments(layers: Int) -> [Saving] {
    let all = (0..<layers).reduce([[SavingPolicy]]([[]])) { prefixes, _ in
      prefixes.flatMap { prefix in SavingPolicy.allCases.map { prefix + [$0] } }
    }
    return all.map { Saving(layers: $0) }
  }
}
