import Graph
import Planning
import Steps
import Testing
import TrainerModels

@testable import Exporting

@Suite("Peaks in the trainer's own memory model")
struct PredictionTests {
  private func export(
    _ spec: TrainSpec, to name: String, saving: Saving = .keep, budget: Int = 1 << 30,
    _ change: (inout PlanRequest) -> Void = { _ in }
  ) throws -> (export: Export, graph: EncoderGraph) {
    // Without a pooler, which LLaMA-Factory cannot name.
    let graph = smallEncoder(.distilbert)
    var request = request(graph, saving: saving, budget: budget)
    change(&request)
    let plan = Plan.given(spec.selection(graph), request)
    guard case .exact(let export) = try Export.make(plan, for: ExportTargets.named(name), producer: "test")
    else {
      throw ExportError.unproven(target: name, reason: "not expressible")
    }
    return (export, graph)
  }

  private func peak(
    _ spec: TrainSpec, to name: String, saving: Saving = .keep, _ change: (inout PlanRequest) -> Void = { _ in }
  ) throws -> TrainerPeak {
    try #require(try export(spec, to: name, saving: saving, change).export.prediction.peak)
  }

  @Test("are those of eager PyTorch, and said in the manifest")
  func pytorch() throws {
    let (export, graph) = try export(.last(1), to: "hf-trainer")
    let peak = try #require(export.prediction.peak)
    let template = TrainerModel.pytorch.template(graph, export.plan.recipe)
    let memory = TrainerModel.pytorch.memory(of: TrainingStep(template, try export.plan.selection(of: graph)))
    #expect(peak.bytes == memory.residentBytes && peak.additions.isEmpty)
    #expect(peak.processBytes == TrainerModel.pytorch.defaultProcessBytes)
    let manifest = try #require(export.files.first { $0.name == "manifest.json" })
    #expect(manifest.text.contains("\"trainer_peak_bytes\" : \(peak.bytes)"))
  }

  @Test("are of the plan's own trainer and process, where it was made for one")
  func ownTrainer() throws {
    let (export, _) = try export(.last(1), to: "pytorch") {
      $0.trainer = .pytorchCUDA
      $0.runtimeBytes = 77 << 20
    }
    let peak = try #require(export.prediction.peak)
    #expect(peak.model == .pytorchCUDA && peak.processBytes == 77 << 20)
    #expect(peak.bytes == export.plan.predictedPeakBytes + 77 << 20)
  }

  @Test(
    "are unknown for trainers that are not eager PyTorch on one device",
    arguments: ["executorch", "onnxruntime", "optax", "keras", "deepspeed", "fsdp", "torchtune"])
  func none(name: String) throws {
    let (export, _) = try export(.full, to: name)
    #expect((export.prediction.peak == nil) == (name != "torchtune"))
  }

  @Test("are unknown for optimizers that the model does not know")
  func optimizer() throws {
    let (export, _) = try export(.full, to: "pytorch") { $0.recipe.optimizer = .lion }
    guard case .unknown(let reason) = export.prediction else {
      Issue.record("predicted")
      return
    }
    #expect(reason.contains("lion"))
  }

  @Test("count PEFT's frozen originals, which are there twice")
  func peft() throws {
    let (export, graph) = try export(.last(1), to: "peft")
    let plain = try peak(.last(1), to: "pytorch")
    let selection = try export.plan.selection(of: graph)
    #expect(export.prediction.peak?.bytes == plain.bytes + 4 * selection.trainedCount(of: graph))
  }

  @Test("count LLaMA-Factory's cast to F32 where the model is in half precision")
  func cast() throws {
    let (half, graph) = try export(.last(1), to: "llama-factory") {
      $0.trainer = .pytorch
      $0.trainerOptions.precision = .bfloat16
    }
    let selection = try half.plan.selection(of: graph)
    // A weight, a gradient and AdamW's two moments with two bytes more each.
    #expect(half.prediction.peak?.additions.map(\.bytes) == [8 * selection.trainedCount(of: graph)])
    #expect(try peak(.last(1), to: "llama-factory").additions.isEmpty)
  }

  @Test("follow each trainer's gradient checkpointing")
  func checkpointing() throws {
    func live(_ name: String, _ saving: Saving) throws -> Int {
      try peak(.last(1), to: name, saving: saving) {
        $0.recipe.batch = 16
        $0.recipe.sequence = 24
      }.bytes
    }
    // Only layers in which something trains run again, which saves what a plan with one such layer can save.
    #expect(
      try live("llama-factory", .recompute) == live("hf-trainer", Saving(layers: [.keep, .keep, .recompute])))
    // Backward through frozen layers keeps their inputs, which the module's own recomputation does not.
    #expect(try live("axolotl", .recompute) > live("hf-trainer", .recompute))
    // No counterpart: all is kept.
    #expect(try live("sentence-transformers", .recompute) == live("hf-trainer", .keep))
    #expect(try live("hf-trainer", .cheap) == live("hf-trainer", .keep))
  }

  @Test(
    "say whether the nearest plan keeps the budget there too", arguments: [(1 << 30, true), (400 << 20, false)])
  func nearest(budget: Int, fits: Bool) throws {
    let graph = smallEncoder(.bert)
    let plan = Plan.given(TrainSpec.bitfit.selection(graph), request(graph, budget: budget))
    let outcome = try Export.make(plan, for: ExportTargets.named("llama-factory"), producer: "test")
    guard case .inexpressible(_, let nearest?) = outcome else {
      Issue.record("no nearest plan")
      return
    }
    // What fits nowhere but in the plan's own prediction is still written.
    #expect(nearest.plan.feasible && nearest.fitsTrainer == fits)
  }
}
