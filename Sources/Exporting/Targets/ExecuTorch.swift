import Graph
import Steps
import TrainerModels

/// ExecuTorch: the prepared module, exported with its backward, which reaches what requires a gradient.
struct ExecuTorch: PreparedInPython {
  let name = "executorch"
  let trainer = "ExecuTorch 1.5.1"
  let memoryModel: TrainerModel? = nil
  let recipe = ExpressibleRecipe(optimizers: [.sgd], recomputation: .none, accumulates: false, clips: false)

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "ExecuTorch"),
      "_export_forward_backward writes gradients for the parameters that require one when the model is exported.",
      "ExecuTorch's training extension is experimental, and its only optimizer is SGD"
        + (job.recipe.optimizer == .sgd ? "." : ": the plan's \(job.recipe.optimizer.rawValue) becomes SGD."),
      "Shapes are fixed at export: batch \(job.recipe.microBatch), sequence \(job.recipe.sequence).",
      "ExecuTorch has no kernel for the backward of fused attention, so attention is exported as its parts: the probabilities, "
        + "sequence × sequence for each head, are kept for backward.",
      "Gradient checkpointing is not exported: every intermediate result that backward reads is kept.",
    ] + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let text = Text.filled(
      PackageResources.executorch_py,
      [
        "HEADER": try Text.header(job, self), "BATCH": String(job.recipe.microBatch),
        "SEQUENCE": String(job.recipe.sequence),
      ])
    return [ExportedFile(name: "executorch_plan.py", text: text), try job.module]
  }
}
