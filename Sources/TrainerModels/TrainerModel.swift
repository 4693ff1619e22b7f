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
      graph, recipe, residence: .heap(rounding: device == .cuda ? CachingAllocator.rounding : 1), buffers: lowering.buffers,
      kernels: lowering.kernels)
  }

  /// What a step needs of the process that runs it, or of the device.
  ///
  /// - Parameters:
  ///   - step: filtered from this trainer's template.
  ///   - processBytes: the process's own share, where it is known better than by default.
  public func memory(of step: TrainingStep, processBytes: Int? = nil) -> TrainerMemory {
    let held: Int
    switch self {
    case .permafrost: held = step.peakBytes
    case .pytorch: held = AllocationTrace(step).peak(in: GlibcAllocator())
    case .pytorchCUDA: held = AllocationTrace(step).peak(in: CachingAllocator())
    }
    return TrainerMemory(
      liveBytes: step.peakBytes, allocatorBytes: max(0, held - step.peakBytes),
      processBytes: processBytes ?? defaultProcessBytes)
  }

  /// The process before it holds a tensor.
  ///
  /// For `pytorch`, CPython 3.11 with torch 2.13 and transformers 5.23, as `Benchmarks/pytorch-memory.py --process` measured it; for
  /// `pytorch-cuda` nothing, since the context's bytes depend on the device and its driver.
  public var defaultProcessBytes: Int { self == .pytorch ? 408 << 20 : 0 }
}
