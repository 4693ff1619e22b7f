import Graph
import Steps

/// Axolotl: a YAML file whose `unfrozen_parameters` lists expressions for what trains.
///
/// Its ranges of rows (`name$[a:b]`) zero gradients and save nothing, so they are never written.
struct Axolotl: ExportTarget {
  let name = "axolotl"
  let trainer = "Axolotl 0.21.0"
  /// transformers' `enable_input_require_grads`.
  let checkpointingReachesEmbeddings = true
  let matching = "regular expressions matched from the start of a name (re.match), bare dots literal"

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "Axolotl"),
      "unfrozen_parameters is for full fine-tuning: with an adapter, names begin with base_model.model. and none matches.",
      "No expression here names lm_head or embed_tokens. One that did would make Axolotl call enable_input_require_grads: "
        + "backward would then run through every layer and keep its activations, whatever is frozen.",
      "Leave dots bare, and add no range such as [0:100]: ranges only zero gradients, so that gradient and optimizer state "
        + "stay as large as the tensor, and weight decay moves its frozen rows.",
      "Misspelt keys are ignored, and if nothing matches Axolotl only warns: run \(CheckScript.fileName).",
      "Add datasets, learning_rate and what else your run needs.",
    ] + Notes.checkpointing(job) + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let patterns = job.patterns.list(.bareDots).map { "^\($0)$" }
    var text = try Text.header(job, self)
    text += TrainerSettings.yaml([
      ("base_model", .text(job.plan.model.name)), ("type_of_model", .text(job.className)),
    ])
    text += patterns.isEmpty ? "unfrozen_parameters: []\n" : "unfrozen_parameters:\n"
    text += patterns.map { "  - \(YAML.string($0))\n" }.joined()
    text += TrainerSettings.yaml([
      ("micro_batch_size", .number(job.recipe.microBatch)),
      ("gradient_accumulation_steps", .number(job.recipe.accumulation)),
      ("optimizer", .text(TrainerSettings.optimizer(job.recipe.optimizer))),
    ])
    text += TrainerSettings.yaml(TrainerSettings.optimizerArguments(job.recipe.optimizer))
    text += TrainerSettings.yaml([
      ("max_grad_norm", .real(job.recipe.maximumGradientNorm ?? 0)),
      ("sequence_len", .number(job.recipe.sequence)),
      ("gradient_checkpointing", .flag(job.recomputes)),
    ])
    if job.recomputes { text += "gradient_checkpointing_kwargs:\n  use_reentrant: false\n" }
    return [ExportedFile(name: "axolotl.yaml", text: text)]
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    .matchedFromStart(try YAML.mapping(files[0]).value("unfrozen_parameters"))
  }
}

extension ExportJob {
  /// transformers' class for the plan's task.
  var className: String {
    graph.configuration.problem == .span
      ? "AutoModelForQuestionAnswering" : "AutoModelForSequenceClassification"
  }
}
