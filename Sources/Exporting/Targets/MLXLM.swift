import Graph
import Steps
import TrainerModels

/// mlx-lm without adapters: the last N blocks whole, and nothing else.
struct MLXLM: ExportTarget {
  let name = "mlx-lm"
  let trainer = "mlx-lm 0.32.2"
  let matching = "the last N blocks; 0 and -1 mean all"
  let check = CheckScript.names
  let memoryModel: TrainerModel? = nil
  /// `mlx_lm/lora.py` has no key for a gradient's norm.
  let recipe = ExpressibleRecipe(optimizers: [.adamw, .adafactor, .sgd, .sgdMomentum], clips: false)

  func expressible(_ graph: EncoderGraph) -> Expressible {
    let layers = graph.configuration.layerCount
    return Expressible(
      shapes: (1...layers).map { count in
        let fixed = graph.parameters.map { parameter in
          (parameter.id, graph.groups[parameter.group].layer.map { $0 >= layers - count } ?? false)
        }
        return Expressible.Shape(graph, together: [], fixed: Dictionary(uniqueKeysWithValues: fixed))
      })
  }

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "mlx-lm"),
      "fine_tune_type full trains the last N blocks: embeddings, pooler and head stay frozen, so that a fresh head learns "
        + "nothing; lora and dora would add weights that the plan does not have.",
      "num_layers 0 means all layers. Misspelt keys are ignored, and what the command line says wins over this file.",
      "mlx-lm has no encoders of its own: the model's class must offer its blocks as layers.",
      "Add data, iters, learning_rate and what else your run needs.",
    ]
      + ([.adamw8bit, .lion].contains(job.recipe.optimizer)
        ? ["mlx-lm has no \(job.recipe.optimizer.rawValue): it becomes AdamW, which keeps other state."] : [])
      + Notes.checkpointing(job) + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let layers = Set(
      job.graph.parameters.filter { job.selection.extent($0.id, job.graph) == .whole }
        .compactMap { job.graph.groups[$0.group].layer })
    let text =
      try Text.header(job, self)
      + TrainerSettings.yaml([
        ("model", .text(job.plan.model.name)), ("train", .flag(true)), ("fine_tune_type", .text("full")),
        ("num_layers", .number(layers.count)), ("batch_size", .number(job.recipe.microBatch)),
        ("grad_accumulation_steps", .number(job.recipe.accumulation)),
        ("grad_checkpoint", .flag(job.recomputes)), ("max_seq_length", .number(job.recipe.sequence)),
        ("optimizer", .text(Self.optimizer(job.recipe.optimizer))),
      ]) + (job.recipe.optimizer == .sgdMomentum ? "optimizer_config:\n  sgd:\n    momentum: 0.9\n" : "")
    return [ExportedFile(name: "mlx_lm.yaml", text: text)]
  }

  /// Names that `mlx_lm/lora.py` accepts: adam, adamw, muon, sgd, adafactor.
  private static func optimizer(_ optimizer: Optimizer) -> String {
    switch optimizer {
    case .adamw, .adamw8bit, .lion: "adamw"
    case .adafactor: "adafactor"
    case .sgd, .sgdMomentum: "sgd"
    }
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    .lastBlocks(try YAML.mapping(files[0]).value("num_layers"))
  }
}
