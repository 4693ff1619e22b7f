import Graph
import Steps

/// Whose step is predicted.
public enum TrainerModel: String, Sendable, Codable, CaseIterable {
  /// This program's own engine.
  case permafrost
  /// Eager PyTorch with transformers, on a CPU.
  case pytorch
  /// The same on a CUDA device.
  case pytorchCUDA = "pytorch-cuda"

  /// The step with every decision open, as this trainer runs it.
  ///
  /// Of `recipe`, PyTorch's models take the batch, the micro-batches, the optimizer, the threads and which layers run again
  /// in backward; saving policy `cheap` has no counterpart and keeps everything.
  public func template(
    _ graph: EncoderGraph, _ recipe: Recipe, _ options: PyTorchOptions = PyTorchOptions()
  ) -> StepTemplate {
    let device: PyTorchDevice
    switch self {
    case .permafrost: return StepTemplate(graph, recipe)
    case .pytorch: device = .cpu
    case .pytorchCUDA: device = .cuda
    }
    var lowering = PyTorchLowering(graph: graph, recipe: recipe, options: options, device: device)
    lowering.run()
    return StepTemplate(
      graph, recipe, residence: .heap(rounding: device == .cuda ? 512 : 1), buffers: lowering.buffers,
      kernels: lowering.kernels)
  }

  /// What a step needs of the process that runs it.
  ///
  /// - Parameter processBytes: the process's own share, where it is known better than by default.
  public func memory(of step: TrainingStep, processBytes: Int? = nil) -> TrainerMemory {
    TrainerMemory(liveBytes: step.peakBytes, allocatorBytes: 0, processBytes: processBytes ?? 0)
  }
}
