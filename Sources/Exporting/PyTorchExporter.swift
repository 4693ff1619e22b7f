import Graph
import Planning
import Steps
import Units

/// Writes a plan as one Python module that needs nothing but PyTorch.
///
/// The module sets what requires a gradient on the same transformers model, splits the feed-forward pairs that train in
/// part (FAR's reconfiguration: Vucetic et al., arXiv 2205.01541), merges them again, and asserts that the plan took.
/// What it does is in `Templates/pytorch.py`; only its data is filled in here.
public struct PyTorchExporter: Sendable {
  /// What the module says made it.
  public let producer: String

  public init(producer: String) { self.producer = producer }

  /// The module's whole text: the same for the same plan.
  ///
  /// - Throws: `PlanError` or ``ExportError`` when the plan contradicts itself.
  public func export(_ plan: Plan) throws -> String {
    try Self.module(ExportJob(plan, for: PyTorch(), producer: producer))
  }

  static func module(_ job: ExportJob) throws -> String {
    let (plan, graph, selection, producer) = (job.plan, job.graph, job.selection, job.producer)
    let family = graph.configuration.family
    let identity = try job.identity()
    let values = [
      "PRODUCER": Python.literal(producer),
      "IDENTITY": identity,
      "CLASS": graph.configuration.problem == .span
        ? "AutoModelForQuestionAnswering" : "AutoModelForSequenceClassification",
      "TITLE": title(graph.configuration),
      "SHARE": "\(Quantity.count(plan.trainableParameters)) of \(Quantity.count(graph.parameterCount))",
      "OPTIMIZER": constructor(plan),
      "MEMORY": memoryNote(plan),
      "SAVING": note(on: plan.recipe.saving),
      "PLAN": facts(plan, identity: identity, producer: producer),
      "TENSORS": tensors(graph, selection),
      "LEARNERS": learners(plan, selection, nodes: graph.configuration.feedForwardSize),
      "BASE": Python.literal(String(family.namePrefix.dropLast())),
      "PAIR": "(\n" + family.feedForwardPaths.map { "    \(Python.literal($0)),\n" }.joined() + ")",
    ]
    return Text.filled(PackageResources.pytorch_py, values)
  }

  private static func title(_ c: EncoderConfiguration) -> String {
    return "a \(c.family.displayName) encoder (\(c.layerCount) layers, hidden size \(c.hiddenSize))"
  }

  private static func constructor(_ plan: Plan) -> String {
    let groups = "plan.parameter_groups(model, weight_decay=0.01), lr=learning_rate" + updateLoop(plan)
    return switch plan.recipe.optimizer {
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
      ("predicted_for", Python.literal(plan.trainer.rawValue)),
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
