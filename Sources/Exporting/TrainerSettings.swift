import Steps
import Units

/// A plan's recipe under the names that trainers built on transformers' `TrainingArguments` share
/// (`training_args.py`, 5.23.0): keys and values in the order in which they are written.
enum TrainerSettings {
  /// Sequences of one forward and backward, how many add up, what updates, and to what norm gradients are cut; 0 is not at
  /// all, where the trainers' own default is 1.
  static func arguments(_ recipe: Recipe) -> [(key: String, value: Value)] {
    [
      ("per_device_train_batch_size", .number(recipe.microBatch)),
      ("gradient_accumulation_steps", .number(recipe.accumulation)),
      ("optim", .text(optimizer(recipe.optimizer))),
    ] + optimizerArguments(recipe.optimizer)
      + [("max_grad_norm", recipe.maximumGradientNorm.map { .real($0) } ?? .real(0))]
  }

  /// `OptimizerNames` of transformers.
  static func optimizer(_ optimizer: Optimizer) -> String {
    switch optimizer {
    case .adamw: "adamw_torch"
    case .adamw8bit: "adamw_bnb_8bit"
    case .adafactor: "adafactor"
    case .lion: "lion_32bit"
    case .sgd, .sgdMomentum: "sgd"
    }
  }

  static func optimizerArguments(_ optimizer: Optimizer) -> [(key: String, value: Value)] {
    optimizer == .sgdMomentum ? [("optim_args", .text("momentum=0.9"))] : []
  }

  /// One value of a configuration.
  enum Value {
    case text(String)
    case number(Int)
    case real(Double)
    case flag(Bool)
    case none

    var yaml: String {
      switch self {
      case .text(let text): YAML.string(text)
      case .number(let number): String(number)
      case .real(let number): "\(number)"
      case .flag(let flag): flag ? "true" : "false"
      case .none: "null"
      }
    }

    var python: String {
      switch self {
      case .text(let text): Python.literal(text)
      case .number(let number): String(number)
      case .real(let number): "\(number)"
      case .flag(let flag): flag ? "True" : "False"
      case .none: "None"
      }
    }
  }

  /// One line of a YAML mapping for each entry.
  static func yaml(_ entries: [(key: String, value: Value)], indent: Int = 0) -> String {
    entries.map { String(repeating: " ", count: indent) + "\($0.key): \($0.value.yaml)\n" }.joined()
  }
}

/// Notes that several trainers share.
enum Notes {
  /// What the plan's peak means elsewhere.
  static func peak(_ job: ExportJob, _ trainer: String) -> String {
    let bytes = ByteCount.format(job.plan.predictedPeakBytes, rounding: .up)
    guard job.plan.trainer == .permafrost else {
      let runtime = ByteCount.format(job.plan.runtimeBytes, rounding: .up)
      return "predicted_peak_bytes (\(bytes)) holds for '\(job.plan.trainer.rawValue)', eager PyTorch with "
        + "transformers, beside the process's own \(runtime); \(trainer) may need more: measure before relying on it."
    }
    return "predicted_peak_bytes (\(bytes)) holds for permafrost's own "
      + "engine; \(trainer) needs more for the same step: measure before relying on it."
  }

  /// What becomes of the plan's saving policy.
  static func checkpointing(_ job: ExportJob) -> [String] {
    switch job.recipe.saving.uniform {
    case .keep: []
    case .cheap:
      ["The saving policy 'cheap' has no counterpart here: LayerNorm outputs and activations are kept."]
    case .recompute:
      [
        "The saving policy 'recompute' becomes gradient checkpointing of all layers. transformers may then make the "
          + "embeddings' output require a gradient: backward runs through every frozen layer too, and takes its time."
      ]
    case nil:
      [
        "The saving policy '\(job.recipe.saving)' differs by layer, which this trainer's settings cannot say: gradient "
          + "checkpointing is \(job.recomputes ? "on for all layers" : "off")."
      ]
    }
  }

  /// That the plan's saving policy is lost.
  static func keepsAll(_ job: ExportJob) -> [String] {
    job.recipe.saving == .keep
      ? [] : ["The saving policy '\(job.recipe.saving)' is not carried over: all that backward reads is kept."]
  }

  /// A batch that does not divide evenly.
  static func batch(_ job: ExportJob) -> [String] {
    job.recipe.microBatch * job.recipe.accumulation == job.recipe.batch
      ? []
      : [
        "A batch of \(job.recipe.batch) is not \(job.recipe.accumulation) equal micro-batches: here it is "
          + "\(job.recipe.microBatch * job.recipe.accumulation)."
      ]
  }
}

extension ExportJob {
  /// Whether any layer runs forward again in backward.
  var recomputes: Bool { (0..<graph.configuration.layerCount).contains { recipe.saving[$0] == .recompute } }
}
