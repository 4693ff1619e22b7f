import Optimization
import Simulation
import Steps

extension Plan {
  /// A plan for a step that answers a request.
  init(
    _ program: StepProgram, for request: PlanRequest, objective: Double, bound: Double, status: Status,
    termination: String, solverStatus: RawStatus? = nil, nodes: Int = 0, rounds: Int = 0,
    solveSeconds: Double = 0, learners: [[Int]]? = nil
  ) {
    let graph = request.graph
    let selection = program.training.selection
    let charged = request.charged(program) + request.runtimeBytes
    self.init(
      model: .init(
        name: request.modelName, identity: request.modelIdentity,
        weightsIdentity: request.scores.weightsIdentity, configuration: graph.configuration),
      device: request.device, profileIdentity: request.profileIdentity, task: request.task,
      trainer: request.trainer, trainerOptions: request.trainer == .permafrost ? nil : request.trainerOptions,
      target: request.target?.name, recipe: program.training.recipe, scores: request.scores.origin,
      scoreMetric: request.scores.origin == .prior ? nil : request.scores.metric,
      scoresIdentity: request.scores.fileIdentity, budgetBytes: request.budgetBytes,
      mappedFree: request.mappedFree, feasible: request.trainer.budget(for: charged) <= request.budgetBytes,
      predictedPeakBytes: request.trainer.peakBytes(of: program.training), arenaBytes: program.arenaBytes,
      mappedBytes: program.mappedBytes, runtimeBytes: request.runtimeBytes,
      headroomBytes: request.budgetBytes - charged,
      time: request.timedProfile.map {
        TimeEstimate(program.training, on: $0, maximumSeconds: request.maximumStepSeconds)
      }, objective: objective, bound: bound,
      gap: Plan.gap(objective, bound), status: status, termination: termination,
      solverStatus: solverStatus, nodes: nodes, rounds: rounds, solveSeconds: solveSeconds,
      trainable: Plan.names(of: selection, graph, naming: request.naming), retainedNodes: selection.retained,
      learnerNodes: learners ?? Plan.learners(of: selection, graph, scores: request.scores),
      trainableParameters: selection.trainedCount(of: graph))
  }

  /// The plan for a trainable set that was chosen elsewhere: simulated, priced and scored, but not searched.
  ///
  /// The recipe's saving policy is taken as it is. Nothing is known of better selections, so the bound is everything.
  ///
  /// - Parameter named: a plan's `learnerNodes`, layers × nodes; a layer that trains as many keeps them, every other
  ///   trains its highest-scored.
  /// - Returns: a plan with status `given`; `feasible` says whether it fits the request's budget.
  public static func given(
    _ selection: Selection, _ request: PlanRequest, keeping named: [[Int]]? = nil
  ) -> Plan {
    let graph = request.graph
    var learners = learners(of: selection, graph, scores: request.scores)
    if let named {
      learners = zip(learners, named).map { $0.count == $1.count ? $1 : $0 }
    }
    return Plan(
      StepProgram(request.template(request.recipe), selection), for: request,
      objective: request.scores.share(capturedBy: selection, of: graph, learners: learners), bound: 1,
      status: .given, termination: "given",
      learners: learners)
  }
}
