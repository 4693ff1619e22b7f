import Graph
import TrainerModels

/// DeepSpeed: its configuration beside the prepared module; it trains what requires a gradient.
struct DeepSpeed: PreparedInPython {
  let name = "deepspeed"
  let trainer = "DeepSpeed 0.19.8"
  /// ZeRO holds flat copies of what it updates, and buckets.
  let memoryModel: TrainerModel? = nil

  /// `reduce_bucket_size` where a configuration does not say (https://www.deepspeed.ai/docs/config-json/).
  private static let defaultBucket = 500_000_000

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "DeepSpeed"),
      "DeepSpeed has no field that freezes: give it the parameter groups, which hold what trains only.",
      "reduce_bucket_size is the number of trained parameters: a contiguous buffer of so many elements is allocated, "
        + "\(Self.defaultBucket) by default.",
      "ZeRO keeps a flat copy of what it updates; estimate_zero2_model_states_mem_needs counts frozen parameters too.",
      "Save with exclude_frozen_parameters=True to write what trains only.",
    ] + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let text = Text.filled(
      PackageResources.deepspeed_py,
      [
        "HEADER": try Text.header(job, self), "BATCH": String(job.recipe.microBatch),
        "ACCUMULATION": String(job.recipe.accumulation), "NORM": "\(job.recipe.maximumGradientNorm ?? 0)",
        "BUCKET": String(max(1, min(Self.defaultBucket, job.plan.trainableParameters))),
        "RECOMPUTES": job.recomputes ? "True" : "False",
      ])
    return [ExportedFile(name: "deepspeed_plan.py", text: text), try job.module]
  }
}
