import Foundation
import Graph
import Planning
import Simulation
import Steps
import TrainerModels

/// One of two plans to compare: what it decides, and what that costs as it is simulated now.
public struct PlanSide: Sendable {
  let path: String
  let plan: Plan
  let graph: EncoderGraph
  let selection: Selection
  let arenaBytes: Int
  let mappedBytes: Int
  let peakBytes: Int
  let operations: Int
  /// Bytes at the peak.
  let categories: [BufferCategory: Int]

  /// Lowers and simulates the plan's step.
  ///
  /// - Throws: `PlanError` where the plan's decisions do not fit the model that it records.
  public init(_ plan: Plan, path: String) throws {
    self.path = path
    self.plan = plan
    graph = EncoderGraph(plan.model.configuration)
    do {
      selection = try plan.selection(of: graph)
    } catch {
      throw PlanError.unusable(path: path, reason: "\(error)")
    }
    let program = StepProgram(plan.template(of: graph), selection)
    (arenaBytes, mappedBytes) = (program.arenaBytes, program.mappedBytes)
    peakBytes = plan.trainer.peakBytes(of: program.training)
    let simulation = Simulation(program.training)
    (operations, categories) = (simulation.operations, simulation.categories)
  }

  /// The names, without the family's prefix, of the tensors that train whole or in part.
  var trained: [String] {
    graph.parameters.filter { selection.trainedCount($0, of: graph) > 0 }.map(\.name)
  }

  /// Whether another plan has the same model, recipe, tensors and nodes.
  func decidesLike(_ other: PlanSide) -> Bool {
    graph.identity == other.graph.identity && plan.recipe == other.plan.recipe
      && selection == other.selection
      && plan.learnerNodes.map(Set.init) == other.plan.learnerNodes.map(Set.init)
  }

  /// Whether what both capture are shares of the same whole.
  func sharesScores(with other: PlanSide) -> Bool {
    graph.identity == other.graph.identity && plan.scores == other.plan.scores
      && plan.scoreMetric == other.plan.scoreMetric && plan.scoresIdentity == other.plan.scoresIdentity
  }

  /// Everything that a plan is made for, by the names of the plan file: `recipe.batch`, `model.configuration.layer_count`; lists of savings by runs.
  func settings() throws -> [String: String] {
    struct Settings: Encodable {
      let model: Plan.ModelReference
      let device: String?
      let task: String?
      let trainer: String?
      let trainerOptions: PyTorchOptions?
      let target: String?
      let mappedFree: Bool
      let maximumStepSeconds: Double?
      let recipe: Recipe
    }
    let settings = Settings(
      model: plan.model, device: plan.device, task: plan.task,
      trainer: plan.trainer == .permafrost ? nil : plan.trainer.rawValue, trainerOptions: plan.trainerOptions,
      target: plan.target, mappedFree: plan.mappedFree,
      maximumStepSeconds: plan.time?.maximumSeconds, recipe: plan.recipe)
    var texts: [String: String] = [:]
    try Self.flatten(JSONSerialization.jsonObject(with: PlanFile.encode(settings)), "", into: &texts)
    texts["recipe.saving"] = plan.recipe.saving.description
    return texts
  }

  private static func flatten(_ value: Any, _ name: String, into texts: inout [String: String]) throws {
    switch value {
    case let members as [String: Any]:
      for (key, member) in members {
        try flatten(member, name.isEmpty ? key : "\(name).\(key)", into: &texts)
      }
    case let text as String: texts[name] = text
    default:
      let data = try JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
      texts[name] = String(decoding: data, as: UTF8.self)
    }
  }
}
