import Graph
import Steps
import TrainerModels

/// ONNX Runtime's on-device training: lists for `generate_artifacts`; a pair's initializers that train in part are split.
struct ONNXRuntime: ExportTarget {
  let name = "onnxruntime"
  let trainer = "onnxruntime-training 1.19.2"
  let matching = "names of initializers in full"
  let check = CheckScript.names
  let memoryModel: TrainerModel? = nil
  let recipe = ExpressibleRecipe(optimizers: [.adamw, .sgd], recomputation: .none, clips: false)

  var splitting: NodeSplitting? { .tensors }

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "ONNX Runtime"),
      "Export the model from PyTorch with training=TrainingMode.TRAINING and do_constant_folding=False: folding transposes "
        + "matrices into initializers with other names. Use opset 14 and dropout 0: ONNX Runtime 1.19.2 has no gradient of "
        + "opset 17's LayerNormalization, nor for a model exported with dropout.",
      "Frozen initializers are listed too, so that they are in the checkpoint and not constants of the graph.",
      "Where nodes are split, optimizer state is of the learners only, but the gradient of the whole matrix exists for a "
        + "moment. The nodes of such a pair are reordered, learners first; the function is the same.",
      "Optimizers are AdamW and SGD only"
        + ([.adamw, .sgd].contains(job.recipe.optimizer)
          ? "."
          : ", so the plan's \(job.recipe.optimizer.rawValue) becomes \(Self.optimizer(job.recipe.optimizer))."),
      "Training packages end with 1.19.2; later ones are built from source.",
    ] + Notes.keepsAll(job) + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let text = Text.filled(
      PackageResources.onnxruntime_py,
      [
        "HEADER": try Text.header(job, self), "TRAINABLE": Python.list(job.trainedNames),
        "FROZEN": Python.list(job.tensors.filter { $0.wanted == 0 }.map(\.name)),
        "SPLIT": job.splitTable(self), "LEARNERS": job.learnerTable,
        "OPTIMIZER": Self.optimizer(job.recipe.optimizer), "LOSS": Self.loss(job.graph.configuration.problem),
      ])
    return [ExportedFile(name: "onnxruntime_plan.py", text: text)]
  }

  /// Of `artifacts.OptimType`.
  private static func optimizer(_ optimizer: Optimizer) -> String {
    switch optimizer {
    case .adamw, .adamw8bit, .adafactor: "AdamW"
    case .sgd, .sgdMomentum, .lion: "SGD"
    }
  }

  /// Of `artifacts.LossType`.
  private static func loss(_ problem: Problem) -> String {
    switch problem {
    case .classification, .span: "CrossEntropyLoss"
    case .regression: "MSELoss"
    case .multiLabel: "BCEWithLogitsLoss"
    }
  }

  func refusal(_ graph: EncoderGraph) -> String? {
    graph.configuration.problem == .span
      ? "ONNX Runtime's artifacts take one loss, and a span has two; use one of the targets on transformers"
      : nil
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    let frozen = Set(Python.strings(assignedTo: "FROZEN_PARAMS", in: files[0].text))
    let trained = Python.strings(assignedTo: "REQUIRES_GRAD", in: files[0].text)
    if let both = trained.first(where: frozen.contains) {
      throw ExportError.unproven(target: name, reason: "\(both) is in both lists")
    }
    return .exactly(trained)
  }
}
