import Foundation
import Graph
import Optimization
import Steps
import TrainerModels

/// The whole decision for one model, budget and batch: what trains, how, and how sure the planner is.
///
/// This is the plan file; JSON keys are the properties' names in snake case.
public struct Plan: Sendable, Codable, Equatable {
  public static let currentSchema = 2
  public static let kind = "permafrost-plan"

  /// The model the plan was made for.
  public struct ModelReference: Sendable, Codable, Equatable {
    public var name: String
    /// Hash of the tensors' names and shapes.
    public var identity: String
    /// Hash of the weights that the scores were measured on; nil where none were.
    public var weightsIdentity: String?
    public var configuration: EncoderConfiguration

    public init(
      name: String, identity: String, weightsIdentity: String? = nil, configuration: EncoderConfiguration
    ) {
      self.name = name
      self.identity = identity
      self.weightsIdentity = weightsIdentity
      self.configuration = configuration
    }
  }

  public enum Status: String, Sendable, Codable, CaseIterable {
    /// No other choice among the ways to train each group captures more within the budget, to the solver's tolerance.
    case optimal
    /// Within the requested gap of the bound.
    case withinGap = "within_gap"
    /// Less than the most, which is known to the gap, for a quicker step; `gap` says at most how much less.
    case quicker
    /// A plan that fits; the search ended, or placement stood in its way, before the bound came close.
    case notProven = "not_proven"
    /// Not searched: the trainable set was given.
    case given
  }

  public var kind = Plan.kind
  public var schema = Plan.currentSchema
  public var model: ModelReference
  public var device: String?
  /// Hash of the device's profile; nil without a device.
  public var profileIdentity: String?
  public var task: String?
  /// Whose training the bytes are predicted for; a file that does not say means this program's own.
  public var trainer = TrainerModel.permafrost
  /// What decides another trainer's memory beside the recipe.
  public var trainerOptions: PyTorchOptions?
  /// The trainer that the decisions were restricted to, as `export --to` calls it; nil for none.
  public var target: String?
  public var recipe: Recipe
  public var scores: Scores.Origin?
  /// By which of the metrics that the scores hold the plan was made; nil for the prior.
  public var scoreMetric: Scores.Metric?
  /// The SHA-256 of the file of scores; nil for the prior.
  public var scoresIdentity: String?
  public var budgetBytes: Int
  /// Whether clean mapped pages cost nothing under this budget.
  public var mappedFree: Bool

  public var feasible: Bool
  /// The arena and the mapped weights; of another trainer its tensors and what its allocator holds beside them.
  public var predictedPeakBytes: Int
  /// The arena; of another trainer the most bytes of tensors alive at once.
  public var arenaBytes: Int
  public var mappedBytes: Int
  /// The process's own share.
  public var runtimeBytes: Int
  public var headroomBytes: Int
  /// How long a step takes; nil where the plan was made without a device's rates, and of another trainer's.
  public var time: TimeEstimate?

  /// Share of the total score captured, from 0 to 1.
  public var objective: Double
  /// No choice among the ways to train each group (docs/decisions/0004) captures more within the budget, under any recipe that was open or the
  /// plan's own.
  public var bound: Double
  /// (bound − objective) / bound: what is not proven, from 0 to 1.
  public var gap: Double
  public var status: Status
  /// Why the search ended: `optimal`, `gap reached`, or for a plan that is not proven what stood in the way, such as `interrupted`.
  public var termination: String
  /// What the solver itself said last in that search; nil where nothing had to be solved.
  public var solverStatus: RawStatus?
  /// Branch-and-bound subproblems of all searches, of which there is one a recipe.
  public var nodes: Int
  /// Programs solved by all searches; each after the first has rows that the last proposal broke.
  public var rounds: Int
  /// Wall-clock time of the whole planning; the one value that differs between equal runs, unless the clock ended a search.
  public var solveSeconds: Double

  /// Tensors trained whole, named as in the checkpoint.
  public var trainable: [String]
  /// Learner nodes of every feed-forward pair.
  public var retainedNodes: [Int]
  /// Which nodes they are, for layers trained in part; empty for the others.
  public var learnerNodes: [[Int]]
  public var trainableParameters: Int
}

extension Plan {
  /// Bytes that count towards the budget.
  public var chargedBytes: Int { runtimeBytes + (mappedFree ? arenaBytes : predictedPeakBytes) }

  /// The rule that the recipe breaks for a model or for the plan's trainer, as the end of a sentence, or nil.
  public func brokenRule(for graph: EncoderGraph) -> String? {
    if let rule = recipe.brokenRule(for: graph) { return rule }
    do { try trainer.check(recipe) } catch { return "\(error)" }
    return nil
  }

  /// The step of the plan's trainer, with what trains still open.
  public func template(of graph: EncoderGraph) -> StepTemplate {
    trainer.template(graph, recipe, trainerOptions ?? PyTorchOptions())
  }

  /// Makes sure that the plan is for this program's own engine.
  ///
  /// - Parameter verb: the command, for the error.
  /// - Throws: ``PlanError/otherTrainer(_:verb:)``.
  public func requireOwnTrainer(for verb: String) throws(PlanError) {
    if trainer != .permafrost { throw .otherTrainer(trainer, verb: verb) }
  }

  /// The plan's tensors and nodes, in terms of a graph.
  ///
  /// - Throws: ``PlanError`` when a name is unknown or a number out of range, the recipe's included: what this returns can be
  ///   lowered.
  public func selection(of graph: EncoderGraph) throws -> Selection {
    if let rule = brokenRule(for: graph) { throw PlanError.badRecipe(reason: rule) }
    let nodes = graph.configuration.feedForwardSize
    let layers = graph.configuration.layerCount
    guard retainedNodes.count == layers, learnerNodes.count == layers else {
      throw PlanError.wrongLayers(expected: layers, found: min(retainedNodes.count, learnerNodes.count))
    }
    for (layer, count) in retainedNodes.enumerated() {
      guard (0...nodes).contains(count) else {
        throw PlanError.nodesOutOfRange(layer: layer, found: count, limit: nodes)
      }
      let listed = learnerNodes[layer]
      let isSplit = count > 0 && count < nodes
      if let node = listed.first(where: { !(0..<nodes).contains($0) }) {
        throw PlanError.learnerOutOfRange(layer: layer, found: node, limit: nodes - 1)
      }
      guard isSplit ? listed.count == count : listed.isEmpty, Set(listed).count == listed.count
      else { throw PlanError.badLearners(layer: layer, expected: isSplit ? count : 0) }
    }
    var selection = Selection(trainable: [], retained: retainedNodes)
    let known = Dictionary(uniqueKeysWithValues: graph.parameters.map { ($0.name, $0) })
    for name in trainable {
      guard let parameter = known[graph.canonicalName(name)] else { throw PlanError.unknownTensor(name) }
      // Where all nodes are learners, that says it all.
      if parameter.nodeAxis != nil, let layer = graph.groups[parameter.group].layer,
        retainedNodes[layer] == nodes
      {
        continue
      }
      guard !parameter.isSplitByNode else { throw PlanError.contradictoryNodes(name) }
      selection.trainable.insert(parameter.id)
    }
    return selection
  }

  /// The names that list a selection, each as `naming` writes it.
  public static func names(
    of selection: Selection, _ graph: EncoderGraph, naming: (Parameter) -> String
  ) -> [String] {
    graph.parameters.filter { parameter in
      if selection.trainable.contains(parameter.id) { return true }
      guard parameter.nodeAxis != nil, let layer = graph.groups[parameter.group].layer else { return false }
      return selection.retained[layer] == graph.configuration.feedForwardSize
    }.map(naming)
  }

  /// The nodes to list for a selection: the highest-scored of every layer trained in part, in rising order.
  public static func learners(of selection: Selection, _ graph: EncoderGraph, scores: Scores) -> [[Int]] {
    selection.retained.enumerated().map { layer, count in
      guard count > 0, count < graph.configuration.feedForwardSize else { return [] }
      return scores.rankedNodes(layer: layer).prefix(count).sorted()
    }
  }
}
