import Simulation
import Steps

extension Plan {
  /// The plan for a trainable set that was chosen elsewhere: simulated, priced and scored, but not searched.
  ///
  /// The recipe's saving policy is taken as it is. Nothing is known of better selections, so the bound is everything.
  ///
  /// - Returns: a plan with status `given`; `feasible` says whether it fits the request's budget.
  public static func given(_ selection: Selection, _ request: PlanRequest) -> Plan {
    let graph = request.graph
    let program = StepProgram(graph, request.recipe, selection)
    let total = request.scores.captured(by: .full(graph), of: graph)
    let objective = total > 0 ? request.scores.captured(by: selection, of: graph) / total : 0
    let headroom = request.capacity - request.charged(program)
    return Plan(
      model: .init(
        name: request.modelName, identity: request.modelIdentity,
        weightsIdentity: request.scores.weightsIdentity, configuration: graph.configuration),
      device: request.device, profileIdentity: request.profileIdentity, task: request.task,
      recipe: request.recipe, scores: request.scores.origin,
      budgetBytes: request.budgetBytes, mappedFree: request.mappedFree, feasible: headroom >= 0,
      predictedPeakBytes: program.peakBytes, arenaBytes: program.arenaBytes, mappedBytes: program.mappedBytes,
      runtimeBytes: request.runtimeBytes, headroomBytes: headroom, objective: objective, bound: 1,
      gap: max(0, 1 - objective), status: .given, termination: "given", nodes: 0,
      rounds: 0, solveSeconds: 0, trainable: names(of: selection, graph, naming: request.naming),
      retainedNodes: selection.retained, learnerNodes: learners(of: selection, graph, scores: request.scores),
      trainableParameters: selection.trainedCount(of: graph))
  }
}
