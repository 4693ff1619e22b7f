import Graph

/// Hugging Face's Trainer: values for `TrainingArguments`, and a callback that prepares the model before the optimizer is
/// made.
struct HuggingFaceTrainer: PreparedInPython {
  let name = "hf-trainer"
  let trainer = "transformers 5.23.0"

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "Trainer"),
      "Trainer has no field that freezes; it gives its optimizer the tensors that require a gradient when training starts, "
        + "so freezing in on_init_end is in time, and frozen tensors have no state.",
      "Gradients of all trained tensors live until the optimizer's step.",
      "Leave gradient_checkpointing off in the arguments: switched on there, the embeddings' output would require a "
        + "gradient, and backward would run through every frozen layer. The callback switches it on for the plan's layers.",
    ] + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let arguments = TrainerSettings.arguments(job.recipe)
    let text = Text.filled(
      PackageResources.hf_trainer_py,
      [
        "HEADER": try Text.header(job, self),
        "ARGUMENTS": "{\n" + arguments.map { "    \"\($0.key)\": \($0.value.python),\n" }.joined() + "}",
        "RECOMPUTES": job.recomputes ? "True" : "False",
      ])
    return [ExportedFile(name: "hf_trainer_plan.py", text: text), try job.module]
  }
}
