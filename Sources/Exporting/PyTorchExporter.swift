import Checkpoints
import Foundation
import Graph
import Planning
import Steps
import Units

/// Writes a plan as one Python module that needs nothing but PyTorch.
///
/// The module sets what requires a gradient on the same transformers model, splits the feed-forward pairs that train in
/// part (FAR's reconfiguration: Vucetic et al., arXiv 2205.01541), merges them again, and asserts that the plan took.
/// What it does is in `Templates/pytorch.py`; only its data is filled in here.
public struct PyTorchExporter: Exporter {
  /// What the module says made it.
  public let producer: String

  public init(producer: String) { self.producer = producer }

  public func export(_ plan: Plan) throws -> String {
    if let reason = plan.model.configuration.brokenRule { throw ExportError.badConfiguration(reason: reason) }
    let graph = EncoderGraph(plan.model.configuration)
    let selection = try plan.selection(of: graph)
    let count = selection.trainedCount(of: graph)
    guard count == plan.trainableParameters else {
      throw ExportError.otherCount(stated: plan.trainableParameters, found: count)
    }
    let family = graph.configuration.family
    let identity = try Self.identity(of: plan)
    let values = [
      "PRODUCER": Python.literal(producer),
      "IDENTITY": identity,
      "CLASS": graph.configuration.problem == .span
        ? "AutoModelForQuestionAnswering" : "AutoModelForSequenceClassification",
      "TITLE": Self.title(graph.configuration),
      "SHARE": "\(Quantity.count(count)) of \(Quantity.count(graph.parameterCount))",
      "OPTIMIZER": Self.constructor(plan.recipe.optimizer),
      "SAVING": Self.note(on: plan.recipe.saving),
      "PLAN": Self.facts(plan, identity: identity, producer: producer),
      "TENSORS": Self.tensors(graph, selection),
      "LEARNERS": Self.learners(plan, selection, nodes: graph.configuration.feedForwardSize),
      "BASE": Python.literal(String(family.namePrefix.dropLast())),
      "PAIR": "(\n" + family.feedForwardPaths.map { "    \(Python.literal($0)),\n" }.joined() + ")",
    ]
    // One pass, so that nothing filled in is taken for a placeholder.
    return Self.template.replacing(/PERMAFROST_([A-Z]+)/) { match in
      values[String(match.1)] ?? String(match.0)
    }
  }

  static let template = String(decoding: PackageResources.pytorch_py, as: UTF8.self)

  /// The SHA-256, in hexadecimal, of the plan's file as this program writes it.
  static func identity(of plan: Plan) throws -> String {
    var hash = SHA256()
    try PlanFile.encode(plan).withUnsafeBytes { hash.update($0) }
    return hash.finish()
  }

  private static func title(_ c: EncoderConfiguration) -> String {
    return "a \(c.family.displayName) encoder (\(c.layerCount) layers, hidden size \(c.hiddenSize))"
  }

  private static func constructor(_ optimizer: Optimizer) -> String {
    let groups = "plan.parameter_groups(model, weight_decay=0.01), lr=learning_rate"
    return switch optimizer {
    case .adamw: "torch.optim.AdamW(\(groups))"
    case .sgd: "torch.optim.SGD(\(groups))"
    case .sgdMomentum: "torch.optim.SGD(\(groups), momentum=0.9)"
    case .adamw8bit: "bitsandbytes.optim.AdamW8bit(\(groups))"
    case .lion: "bitsandbytes.optim.Lion(\(groups))"
    case .adafactor:
      "transformers.optimization.Adafactor(\(groups), scale_parameter=False, relative_step=False)"
    }
  }

  private static func note(on saving: Saving) -> String {
    switch saving.uniform {
    case nil:
      """
      '\(saving)': layers that recompute keep their input only and run again in backward. After apply_plan, call
      plan.recompute_layers(model). PyTorch has no 'cheap' and keeps everything of such layers.
      """
    case .keep: "'keep': every intermediate result that backward reads is kept, as PyTorch does by itself."
    case .cheap:
      """
      'cheap': the engine computes LayerNorm outputs and feed-forward activations again in backward. PyTorch has no
      such switch and keeps them.
      """
    case .recompute:
      """
      'recompute': every layer keeps its input only and runs again in backward. After apply_plan, call
      plan.recompute_layers(model); with Trainer, do the same and leave its own gradient checkpointing off.
      """
    }
  }

  private static func facts(_ plan: Plan, identity: String, producer: String) -> String {
    dictionary([
      ("made_by", Python.literal(producer)),
      ("identity", Python.literal(identity)),
      ("model", Python.literal(plan.model.name)),
      ("model_identity", Python.literal(plan.model.identity)),
      ("task", Python.literal(plan.task)),
      ("device", Python.literal(plan.device)),
      ("batch", "\(plan.recipe.batch)"),
      ("accumulation", "\(plan.recipe.accumulation)"),
      ("maximum_gradient_norm", plan.recipe.maximumGradientNorm.map { "\($0)" } ?? "None"),
      ("sequence", "\(plan.recipe.sequence)"),
      ("optimizer", Python.literal(plan.recipe.optimizer.rawValue)),
      ("saving", Python.literal(plan.recipe.saving.description)),
      ("recomputed_layers", Python.tuple(recomputed(plan))),
      ("trainable_parameters", "\(plan.trainableParameters)"),
      ("predicted_peak_bytes", "\(plan.predictedPeakBytes)"),
      ("budget_bytes", "\(plan.budgetBytes)"),
    ])
  }

  private static func recomputed(_ plan: Plan) -> [Int] {
    (0..<plan.model.configuration.layerCount).filter { plan.recipe.saving[$0] == .recompute }
  }

  private static func tensors(_ graph: EncoderGraph, _ selection: Selection) -> String {
    dictionary(
      graph.parameters.map { parameter in
        let extent =
          switch selection.trainedCount(parameter, of: graph) {
          case 0: "FROZEN"
          case parameter.count: "WHOLE"
          default: "NODES"
          }
        return (parameter.name, "(\(Python.tuple(parameter.shape)), \(extent))")
      })
  }

  private static func learners(_ plan: Plan, _ selection: Selection, nodes: Int) -> String {
    let split = selection.retained.indices.filter { (1..<nodes).contains(selection.retained[$0]) }
    return lines(
      split.map { layer in
        "\(layer): " + Python.list(rising: plan.learnerNodes[layer].sorted(), indentation: "        ")
      })
  }

  private static func dictionary(_ entries: [(key: String, value: String)]) -> String {
    lines(entries.map { "\(Python.literal($0.key)): \($0.value)" })
  }

  private static func lines(_ entries: [String]) -> String {
    entries.isEmpty ? "{}" : "{\n" + entries.map { "    \($0),\n" }.joined() + "}"
  }
}

extension ModelFamily {
  /// A layer's first linear layer, activation and second linear layer in transformers, `{}` standing for the layer
  /// (`modeling_bert.py`, `modeling_distilbert.py`).
  var feedForwardPaths: [String] {
    switch self {
    case .bert, .roberta, .xlmRoberta, .electra:
      ["intermediate.dense", "intermediate.intermediate_act_fn", "output.dense"].map {
        "encoder.layer.{}." + $0
      }
    case .distilbert: ["lin1", "activation", "lin2"].map { "transformer.layer.{}.ffn." + $0 }
    }
  }
}
