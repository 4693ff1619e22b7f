import Foundation
import Graph
import Optimization
import Simulation
import Steps

/// What the planner is asked.
public struct PlanRequest: Sendable {
  public var graph: EncoderGraph
  public var modelName: String
  public var modelIdentity: String
  /// Batch, sequence, optimizer and threads; the saving policy is decided among `policies`.
  public var recipe: Recipe
  public var policies: [Saving]
  public var scores: Scores
  public var budgetBytes: Int
  public var mappedFree: Bool
  public var runtimeBytes: Int
  public var device: String?
  public var task: String?
  /// Groups that train whatever they score: a fresh head is worth nothing untrained.
  public var pinned: Set<GroupKind> = [.head]
  /// How a tensor is called in the checkpoint.
  public var naming: @Sendable (Parameter) -> String
  public var options = SolveOptions(relativeGap: 1e-3, nodeLimit: 2000, timeLimit: .seconds(30))

  public init(
    graph: EncoderGraph, modelName: String, modelIdentity: String, recipe: Recipe,
    policies: [Saving] = Saving.uniforms, scores: Scores, budgetBytes: Int, mappedFree: Bool,
    runtimeBytes: Int, device: String? = nil, task: String? = nil,
    naming: (@Sendable (Parameter) -> String)? = nil
  ) {
    self.graph = graph
    self.modelName = modelName
    self.modelIdentity = modelIdentity
    self.recipe = recipe
    self.policies = policies
    self.scores = scores
    self.budgetBytes = budgetBytes
    self.mappedFree = mappedFree
    self.runtimeBytes = runtimeBytes
    self.device = device
    self.task = task
    self.naming = naming ?? { graph.qualifiedName($0) }
  }

  /// Bytes of the budget left for the step.
  var capacity: Int { budgetBytes - runtimeBytes }

  func charged(_ program: StepProgram) -> Int { mappedFree ? program.arenaBytes : program.peakBytes }
}

/// Chooses what trains within a budget.
///
/// The integer program proposes; a step is lowered from every proposal and simulated, and only the simulation says whether it fits.
/// Rows for kernels that a proposal overfills are added until none is. The saving policy, of which there are
/// few, is enumerated outside.
public struct Planner: Sendable {
  public let request: PlanRequest
  private let solver: any MILPSolver
  /// GLPK's own pruning tolerance, below which no proof of it can go; see `SolveResult.bound`.
  private static let proofTolerance = 1e-6

  public init(_ request: PlanRequest, solver: any MILPSolver = GLPKSolver()) {
    self.request = request
    self.solver = solver
  }

  public enum Outcome: Sendable {
    case plan(Plan)
    case infeasible(Infeasibility)
  }

  /// Finds the plan, or says why there is none.
  ///
  /// - Throws: ``PlanError`` when the recipe or the scores do not fit the model, and what the solver throws.
  public func plan() throws -> Outcome {
    if let rule = request.recipe.brokenRule(for: request.graph) { throw PlanError.badRecipe(reason: rule) }
    if let rule = request.scores.brokenRule(request.graph) { throw PlanError.badScores(reason: rule) }
    return try plan(over: DecisionSpace(request.graph, scores: request.scores, pinned: request.pinned))
  }

  /// As ``plan()``, with fewer or other ways to train the groups.
  func plan(over space: DecisionSpace) throws -> Outcome {
    let start = ContinuousClock.now
    let deadline = request.options.timeLimit.map { start.advanced(by: $0) }
    var candidates: [Candidate] = []
    var smallest = Int.max
    for (index, policy) in request.policies.enumerated() {
      var recipe = request.recipe
      recipe.saving = policy
      // What time is left is shared among the policies that are left.
      let now = ContinuousClock.now
      let share = deadline.map { now + now.duration(to: $0) / (request.policies.count - index) }
      let search = PolicySearch(
        request: request, space: space, template: StepTemplate(request.graph, recipe), solver: solver,
        deadline: share)
      switch try search.run() {
      case .needs(let bytes): smallest = min(smallest, bytes)
      case .found(let candidate): candidates.append(candidate)
      }
      if candidates.last?.objective == 1 { break }
    }
    // Policies cost time in their order: the first that is good enough, or else the best.
    let bound = candidates.map(\.certificate.bound).max() ?? 0
    let best =
      candidates.first { gap($0.objective, bound) <= max(request.options.relativeGap, Self.proofTolerance) }
      ?? candidates.max { $0.objective < $1.objective }
    guard let best else {
      return .infeasible(
        Infeasibility(
          budgetBytes: request.budgetBytes, smallestFeasibleBudgetBytes: smallest + request.runtimeBytes))
    }
    var certificate = best.certificate
    // What one policy cannot capture another may, so only the largest bound holds for all.
    certificate.bound = bound
    certificate.nodes = candidates.reduce(0) { $0 + $1.certificate.nodes }
    certificate.rounds = candidates.reduce(0) { $0 + $1.certificate.rounds }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return .plan(makePlan(best, certificate, seconds: seconds))
  }

  /// What is not proven, as a share of the bound.
  private func gap(_ objective: Double, _ bound: Double) -> Double {
    bound > objective ? (bound - objective) / bound : 0
  }

  private func makePlan(_ best: Candidate, _ certificate: Certificate, seconds: Double) -> Plan {
    let graph = request.graph
    let program = best.program
    let gap = gap(best.objective, certificate.bound)
    let status: Plan.Status =
      gap <= Self.proofTolerance ? .optimal : gap <= request.options.relativeGap ? .withinGap : .notProven
    return Plan(
      model: .init(
        name: request.modelName, identity: request.modelIdentity, configuration: graph.configuration),
      device: request.device, task: request.task, recipe: program.training.recipe,
      scores: request.scores.origin, budgetBytes: request.budgetBytes, mappedFree: request.mappedFree,
      feasible: true, predictedPeakBytes: program.peakBytes, arenaBytes: program.arenaBytes,
      mappedBytes: program.mappedBytes, runtimeBytes: request.runtimeBytes,
      headroomBytes: request.capacity - request.charged(program), objective: best.objective,
      bound: certificate.bound, gap: gap, status: status, termination: certificate.ending,
      nodes: certificate.nodes, rounds: certificate.rounds, solveSeconds: seconds,
      trainable: Plan.names(of: best.selection, graph, naming: request.naming),
      retainedNodes: best.selection.retained,
      learnerNodes: Plan.learners(of: best.selection, graph, scores: request.scores),
      trainableParameters: best.selection.trainedCount(of: graph))
  }
}
