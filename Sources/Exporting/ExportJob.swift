import Checkpoints
import Graph
import Planning
import Steps

/// A plan in terms of its model, as one trainer has it: what a target writes down.
public struct ExportJob: Sendable {
  public let plan: Plan
  public let graph: EncoderGraph
  public let selection: Selection
  /// The tensors that the trainer's model has, in the graph's order.
  public let tensors: [TrainerTensor]
  /// What the files say made them, such as `permafrost 1.0`.
  public let producer: String

  /// - Throws: `PlanError` or ``ExportError`` when the plan contradicts itself.
  init(_ plan: Plan, for target: any ExportTarget, producer: String) throws {
    if let reason = plan.model.configuration.brokenRule { throw ExportError.badConfiguration(reason: reason) }
    let graph = EncoderGraph(plan.model.configuration)
    let selection = try plan.selection(of: graph)
    let count = selection.trainedCount(of: graph)
    guard count == plan.trainableParameters else {
      throw ExportError.otherCount(stated: plan.trainableParameters, found: count)
    }
    self.plan = plan
    self.graph = graph
    self.selection = selection
    self.producer = producer
    tensors = graph.parameters.flatMap { Self.tensors($0, graph, selection, target) }
  }

  private static func tensors(
    _ parameter: Parameter, _ graph: EncoderGraph, _ selection: Selection, _ target: any ExportTarget
  ) -> [TrainerTensor] {
    guard let name = target.tensorName(parameter, graph) else { return [] }
    let nodes = graph.configuration.feedForwardSize
    if let splitting = target.splitting, let layer = graph.groups[parameter.group].layer,
      (1..<nodes).contains(selection.retained[layer])
    {
      let retained = selection.retained[layer]
      if parameter.nodeAxis != nil {
        return splitting.parts(of: name, parameter, selection, retained: retained, nodes: nodes)
      }
      if graph.groups[parameter.group].kind == .feedForward, splitting == .modules {
        // The second bias stays with the learners' half of its module.
        return [
          TrainerTensor(
            name: splitting.name(name, "learner"), parameter: parameter.id, count: parameter.count,
            wanted: selection.trainedCount(parameter, of: graph))
        ]
      }
    }
    return [
      TrainerTensor(
        name: name, parameter: parameter.id, count: parameter.count,
        wanted: selection.trainedCount(parameter, of: graph))
    ]
  }

  /// All names, in the graph's order.
  var names: [String] { tensors.map(\.name) }

  /// The names of what trains whole.
  var trainedNames: [String] { tensors.filter { $0.wanted == $0.count }.map(\.name) }

  /// Short expressions for the names that train.
  var patterns: NamePatterns { NamePatterns(matching: Set(trainedNames), among: names) }

  var recipe: Recipe { plan.recipe }

  /// The SHA-256, in hexadecimal, of the plan's file as this program writes it.
  func identity() throws -> String {
    var hash = SHA256()
    try PlanFile.encode(plan).withUnsafeBytes { hash.update($0) }
    return hash.finish()
  }
}
