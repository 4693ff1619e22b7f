import Graph
import Steps

/// torchtune: no field freezes text models, so only a plan that trains everything is its plan.
struct Torchtune: ExportTarget {
  let name = "torchtune"
  let trainer = "torchtune 0.6.1"
  let matching = "no choice: everything trains"

  func expressible(_ graph: EncoderGraph) -> Expressible {
    .tensors(graph, fixed: Dictionary(uniqueKeysWithValues: graph.parameters.map { ($0.id, true) }))
  }

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "torchtune"),
      "torchtune's recipes freeze nothing of a text model but what adapters freeze.",
      "optimizer_in_bwd updates each tensor in backward, as permafrost's engine does, and needs accumulation 1.",
      "torchtune has no encoders of its own: set model._component_ to yours. It is no longer developed.",
      "log_peak_memory_stats: True prints the peak that it measures.",
    ] + Notes.checkpointing(job) + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let text =
      try Text.header(job, self)
      + "optimizer:\n  _component_: \(Self.optimizer(job.recipe.optimizer))\n"
      + TrainerSettings.yaml([
        ("batch_size", .number(job.recipe.microBatch)),
        ("gradient_accumulation_steps", .number(job.recipe.accumulation)),
        ("clip_grad_norm", job.recipe.maximumGradientNorm.map { .real($0) } ?? .none),
        ("enable_activation_checkpointing", .flag(job.recomputes)),
        ("log_peak_memory_stats", .flag(true)),
      ])
    return [ExportedFile(name: "torchtune.yaml", text: text)]
  }

  private static func optimizer(_ optimizer: Optimizer) -> String {
    switch optimizer {
    case .adamw: "torch.optim.AdamW"
    case .adamw8bit: "bitsandbytes.optim.AdamW8bit"
    case .adafactor: "torch.optim.Adafactor"
    case .lion: "bitsandbytes.optim.Lion"
    case .sgd: "torch.optim.SGD"
    case .sgdMomentum: "torch.optim.SGD\n  momentum: 0.9"
    }
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    _ = try YAML.mapping(files[0])
    return .everything
  }
}
