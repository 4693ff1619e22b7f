import Graph
import Steps

/// llm-foundry: `optimizer.disable_grad` lists expressions for what is frozen.
struct LLMFoundry: ExportTarget {
  let name = "llm-foundry"
  let trainer = "llm-foundry 0.22.0"
  let recipe = ExpressibleRecipe(optimizers: Optimizer.allCases.filter { Self.optimizer($0) != nil })
  let matching = "regular expressions searched in every name (re.search): what one finds is frozen"

  /// Composer's HuggingFaceModel holds the transformers model as `model`.
  func tensorName(_ parameter: Parameter, _ graph: EncoderGraph) -> String? {
    "model." + graph.qualifiedName(parameter)
  }

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "llm-foundry"),
      "llm-foundry registers no sequence classifier of its own: use a HuggingFaceModel around transformers' "
        + "\(job.className), whose names begin with model. as here.",
      "What disable_grad finds requires no gradient when the optimizer is made, so it has neither gradient nor state. "
        + "Under FSDP the gradients of a unit that is frozen in part are as large as if nothing were, unless "
        + "use_orig_params is false and units are uniform.",
      "Composer's LayerFreezing is not used: it freezes from the front as epochs pass, and saves nothing before.",
    ]
      + (Self.optimizer(job.recipe.optimizer) == nil
        ? [
          "llm-foundry has no \(job.recipe.optimizer.rawValue): register it and set optimizer.name; another optimizer keeps "
            + "other state."
        ] : []) + Notes.checkpointing(job) + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let kept = job.patterns.expression().map { "(?!\($0)$)" } ?? ""
    var text = try Text.header(job, self) + "optimizer:\n"
    if let optimizer = Self.optimizer(job.recipe.optimizer) {
      text += TrainerSettings.yaml([("name", .text(optimizer))], indent: 2)
    }
    text += "  disable_grad:\n    - \(YAML.string("^\(kept)"))\n"
    text += TrainerSettings.yaml([
      ("global_train_batch_size", .number(job.recipe.microBatch * job.recipe.accumulation)),
      ("device_train_microbatch_size", .number(job.recipe.microBatch)),
      ("max_seq_len", .number(job.recipe.sequence)),
    ])
    if let norm = job.recipe.maximumGradientNorm {
      text += "algorithms:\n  gradient_clipping:\n    clipping_type: 'norm'\n    clipping_threshold: \(norm)\n"
    }
    if job.recomputes {
      text += "fsdp_config:\n  activation_checkpointing: true\n  activation_checkpointing_reentrant: false\n"
    }
    return [ExportedFile(name: "llm_foundry.yaml", text: text)]
  }

  private static func optimizer(_ optimizer: Optimizer) -> String? {
    switch optimizer {
    case .adamw: "decoupled_adamw"
    case .lion: "decoupled_lionw"
    case .adamw8bit, .adafactor, .sgd, .sgdMomentum: nil
    }
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    .frozenWhereSearched(try YAML.mapping(files[0]).value("optimizer", "disable_grad"))
  }
}
