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
  public var policies: [SavingPolicy]
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
  public var options = SolveOptions(relativeGap: 1e-3, nodeLimit: 400, timeLimit: .seconds(30))

  public init(
    graph: EncoderGraph, modelName: String, modelIdentity: String, recipe: Recipe,
    policies: [SavingPolicy] = SavingPolicy.allCases, scores: Scores, budgetBytes: Int, mappedFree: Bool,
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

  public init(_ request: PlanRequest, solver: any MILPSolver = GLPKSolver()) {
    self.request = request
    self.solver = solver
  }

  public enum Outcome: Sendable {
    case plan(Plan)
    case infeasible(Infeasibility)
  }

  public func plan() throws -> Outcome {
    let start = ContinuousClock.now
    let space = DecisionSpace(request.graph, scores: request.scores, pinned: request.pinned)
    var best: Candidate?
    var bound = 0.0
    var smallest = Int.max
    for policy in request.policies {
      var recipe = request.recipe
      recipe.saving = policy
      let search = PolicySearch(
        request: request, space: space, template: StepTemplate(request.graph, recipe), solver: solver)
      switch try search.run() {
      case .needs(let bytes): smallest = min(smallest, bytes)
      case .found(let candidate):
        bound = max(bound, candidate.bound)
        // A later policy costs time: it must capture more than the tolerance of the search.
        if candidate.objective > (best?.objective ?? -1) * (1 + request.options.relativeGap) {
          best = candidate
        }
      }
    }
    guard let best else {
      return .infeasible(
        Infeasibility(
          budgetBytes: request.budgetBytes, smallestFeasibleBudgetBytes: smallest + request.runtimeBytes))
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return .plan(makePlan(best, bound: bound, seconds: seconds))
  }

  private func makePlan(_ best: Candidate, bound: Double, seconds: Double) -> Plan {
    let graph = request.graph
    let program = best.program
    let gap = best.objective > 0 ? max(0, (bound - best.objective) / best.objective) : 0
    let status: Plan.Status =
      gap <= 1e-6 ? .optimal : (gap <= request.options.relativeGap * 1.01 ? .withinGap : .notProven)
    return Plan(
      model: .init(
        name: request.modelName, identity: request.modelIdentity, configuration: graph.configuration),
      device: request.device, task: request.task, recipe: program.training.recipe,
      scores: request.scores.origin, budgetBytes: request.budgetBytes, mappedFree: request.mappedFree,
      feasible: true, predictedPeakBytes: program.peakBytes, arenaBytes: program.arenaBytes,
      mappedBytes: program.mappedBytes, runtimeBytes: request.runtimeBytes,
      headroomBytes: request.capacity - request.charged(program), objective: best.objective,
      bound: max(bound, best.objective),
      gap: gap, status: status, termination: best.termination, nodes: best.nodes, rounds: best.rounds,
      solveSeconds: seconds, trainable: Plan.names(of: best.selection, graph, naming: request.naming),
      retainedNodes: best.selection.retained,
      learnerNodes: Plan.learners(of: best.selection, graph, scores: request.scores),
      trainableParameters: best.selection.trainedCount(of: graph))
  }
}

/// The best selection found under one saving policy.
struct Candidate: Sendable {
  let selection: Selection
  let program: StepProgram
  let objective: Double
  let bound: Double
  let termination: String
  let nodes: Int
  let rounds: Int
}
