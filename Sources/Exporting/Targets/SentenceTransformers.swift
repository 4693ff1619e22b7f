import Graph
import Steps

/// Sentence Transformers: a Python file that sets what requires a gradient, by name; its models have no task head.
struct SentenceTransformers: ExportTarget {
  let name = "sentence-transformers"
  let trainer = "Sentence Transformers 6.2.0"
  let matching = "names in full, of the transformers model inside"
  let recipe = ExpressibleRecipe(recomputation: .none)

  /// Of `model[0].auto_model`, which has no head.
  func tensorName(_ parameter: Parameter, _ graph: EncoderGraph) -> String? {
    parameter.isHead ? nil : parameter.name
  }

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "Sentence Transformers"),
      "A SentenceTransformer has no task head; the plan's head is left out, of the counts too.",
      "Pooling does not read a pooler's dense layer: if the plan trains it, it gets no gradient.",
      "Losses with many negatives keep the embeddings of the whole batch, and cached ones run forward twice.",
      "gradient_checkpointing in the arguments would make the embeddings' output require a gradient, and backward would "
        + "run through every frozen layer.",
    ] + Notes.keepsAll(job) + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let arguments = TrainerSettings.arguments(job.recipe)
    let text = Text.filled(
      PackageResources.sentence_transformers_py,
      [
        "HEADER": try Text.header(job, self), "TRAINABLE": Python.list(job.trainedNames),
        "ARGUMENTS": "{\n" + arguments.map { "    \"\($0.key)\": \($0.value.python),\n" }.joined() + "}",
      ])
    return [ExportedFile(name: "sentence_transformers_plan.py", text: text)]
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    .exactly(Python.strings(assignedTo: "TRAINABLE", in: files[0].text))
  }
}
