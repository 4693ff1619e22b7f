import Graph
import Steps

/// Flair: `fine_tune` of its transformer embeddings, for the whole encoder; the decoder is Flair's own.
struct Flair: ExportTarget {
  let name = "flair"
  let trainer = "Flair 0.15.1"
  let matching = "one flag for the whole encoder"
  let check = CheckScript.parts
  /// `fine_tune` takes AdamW and cuts the norm by itself (`flair/trainers/trainer.py`), which the file leaves alone.
  let recipe = ExpressibleRecipe(optimizers: [.adamw], recomputation: .none, clips: false)

  func tensorName(_ parameter: Parameter, _ graph: EncoderGraph) -> String? {
    parameter.isHead ? nil : "embeddings.\(parameter.name)"
  }

  func expressible(_ graph: EncoderGraph) -> Expressible { .wholeEncoder(graph) }

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "Flair"),
      "fine_tune=False runs the encoder without gradients: nothing of it is kept for backward.",
      "layers chooses what is read of the encoder, not what trains. The decoder is Flair's own and trains; the counts are "
        + "the encoder's.",
      "use_context_separator is off, since Flair would add a token ([FLERT]) and so a row to the word table; turn it on where "
        + "use_context reads sentences around each one.",
      "mini_batch_chunk_size cuts a batch into micro-batches.",
    ] + Notes.keepsAll(job) + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let text = Text.filled(
      PackageResources.flair_py,
      [
        "HEADER": try Text.header(job, self), "MODEL": Python.literal(job.plan.model.name),
        "TUNE": job.trainedNames.isEmpty ? "False" : "True",
        "BATCH": String(job.recipe.microBatch * job.recipe.accumulation),
        "CHUNK": String(job.recipe.microBatch),
      ])
    return [ExportedFile(name: "flair_plan.py", text: text)]
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    switch Python.body(assignedTo: "FINE_TUNE", in: files[0].text) {
    case "True": .frozenParts([])
    case "False": .frozenParts(["embeddings"])
    default: throw ExportError.unproven(target: name, reason: "FINE_TUNE is neither True nor False")
    }
  }
}
