import Graph
import TrainerModels

/// PyTorch's FSDP2: sharding by layer after the module has prepared the model.
struct FSDP: PreparedInPython {
  let name = "fsdp"
  let trainer = "PyTorch 2.13 (FSDP2, fully_shard)"
  /// What a process holds depends on how many share the tensors.
  let memoryModel: TrainerModel? = nil

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "FSDP"),
      "fully_shard shards each tensor by itself: frozen ones have neither gradient nor state, also beside trained ones.",
      "FSDP1 is not used: with use_orig_params=True, gradients of a unit that is frozen in part take as much memory as if "
        + "nothing were frozen, and without it all tensors of a unit must train or none.",
      "Each layer is gathered whole while it runs, its frozen tensors too.",
    ] + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let text = Text.filled(
      PackageResources.fsdp_py,
      [
        "HEADER": try Text.header(job, self), "BATCH": String(job.recipe.microBatch),
        "ACCUMULATION": String(job.recipe.accumulation),
        "NORM": job.recipe.maximumGradientNorm.map { "\($0)" } ?? "None",
        "RECOMPUTES": job.recomputes ? "True" : "False",
      ])
    return [ExportedFile(name: "fsdp_plan.py", text: text), try job.module]
  }
}
