import Graph

/// Accelerate: the prepared module, and a loop's settings.
struct Accelerate: PreparedInPython {
  let name = "accelerate"
  let trainer = "Accelerate 1.15.0"

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "Accelerate"),
      "Prepare the model before accelerator.prepare: wrapping and optimizers hold on to the tensors they are given.",
      "Data-parallel runs hold each trained gradient once more, in buckets for communication; frozen tensors are in none.",
      "clip_grad_norm_ needs all gradients at once; without it the optimizer may still take them one by one.",
    ] + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let text = Text.filled(
      PackageResources.accelerate_py,
      [
        "HEADER": try Text.header(job, self), "BATCH": String(job.recipe.microBatch),
        "ACCUMULATION": String(job.recipe.accumulation),
        "NORM": job.recipe.maximumGradientNorm.map { "\($0)" } ?? "None",
        "RECOMPUTES": job.recomputes ? "True" : "False",
      ])
    return [ExportedFile(name: "accelerate_plan.py", text: text), try job.module]
  }
}
