import Graph
import Steps
import Units

/// Whose step is predicted.
public enum TrainerModel: String, Sendable, Codable, CaseIterable {
  /// This program's own engine.
  case permafrost
  /// Eager PyTorch with transformers, on a CPU.
  case pytorch
  /// The same on a CUDA device.
  case pytorchCUDA = "pytorch-cuda"

  /// All names, in words.
  public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

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
      graph, recipe, residence: .heap(rounding: device == .cuda ? CachingAllocator.rounding : 1),
      buffers: lowering.buffers,
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

  /// The most bytes that a step takes beside the process's own.
  public func peakBytes(of step: TrainingStep) -> Int { memory(of: step, processBytes: 0).residentBytes }

  /// The process before it holds a tensor.
  ///
  /// For `pytorch`, CPython 3.11 with torch 2.13 (CPU build) and transformers 5.23, as `Benchmarks/pytorch-memory.py --process` measured it; for
  /// `pytorch-cuda` nothing, since the context's bytes depend on the device and its driver.
  public var defaultProcessBytes: Int { self == .pytorch ? 391 << 20 : 0 }
}

extension TrainerModel {
  /// Whether this trainer can run a recipe as it stands.
  ///
  /// - Throws: ``TrainerModelError``.
  public func check(_ recipe: Recipe) throws {
    guard self != .permafrost else { return }
    switch recipe.optimizer {
    case .adamw, .sgd, .sgdMomentum: break
    case .adamw8bit, .adafactor, .lion: throw TrainerModelError.optimizer(recipe.optimizer, self)
    }
    if recipe.frozenWeights != .float32 { throw TrainerModelError.frozenWeights(recipe.frozenWeights, self) }
  }

  /// What this trainer can keep of a layer for its backward.
  public var savingPolicies: [SavingPolicy] {
    self == .permafrost ? SavingPolicy.allCases : [.keep, .recompute]
  }

  /// Whether this trainer knows all of a saving policy.
  ///
  /// - Throws: ``TrainerModelError/saving(_:_:)``.
  public func check(_ saving: Saving) throws {
    if let other = saving.policies.first(where: { !savingPolicies.contains($0) }) {
      throw TrainerModelError.saving(other, self)
    }
  }
}

/// What of a budget may be planned away.
extension TrainerModel {
  /// By how many percent the measured resident peak may exceed the predicted one.
  ///
  /// 0 for the engine, whose bytes are exact. For `pytorch` above the largest excess in docs/results/pytorch-memory.md; what glibc's heap does
  /// with small objects is not modelled. The CUDA model has not been measured.
  var marginPercent: Int { self == .pytorch ? 10 : 0 }

  /// The most predicted bytes that keep a budget even where the prediction is low by the margin.
  public func usableBytes(ofBudget budget: Int) -> Int {
    let (whole, rest) = budget.quotientAndRemainder(dividingBy: 100 + marginPercent)
    return whole * 100 + rest * 100 / (100 + marginPercent)
  }

  /// The least budget of which so many bytes are usable.
  public func budget(for bytes: Int) -> Int {
    let (whole, rest) = bytes.quotientAndRemainder(dividingBy: 100)
    return whole * (100 + marginPercent) + (rest * (100 + marginPercent) + 99) / 100
  }
}

/// A recipe that another trainer's model does not cover.
public enum TrainerModelError: UserFacingError, Equatable {
  case optimizer(Optimizer, TrainerModel)
  case frozenWeights(WeightFormat, TrainerModel)
  case saving(SavingPolicy, TrainerModel)
  /// Clean pages of a mapped file cost nothing, but this trainer has none.
  case mappedWeights(TrainerModel)
  /// A limit of time, which only the engine's measured kernels tell.
  case time(TrainerModel)

  public var exitStatus: ExitStatus { .usage }

  public var description: String {
    switch self {
    case .optimizer(let optimizer, let trainer):
      "the model of '\(trainer.rawValue)' knows no optimizer '\(optimizer.rawValue)'; "
        + "it has adamw, sgd and sgd-momentum, which torch.optim has"
    case .frozenWeights(let format, let trainer):
      "'\(trainer.rawValue)' holds no frozen weights in \(format.rawValue) beside trained ones in another format; "
        + "leave '--frozen-weights' out, or take '--precision bf16' for all tensors"
    case .saving(let policy, let trainer):
      "'\(trainer.rawValue)' has no counterpart of the saving policy '\(policy.rawValue)'; "
        + "it can \(trainer.savingPolicies.map(\.rawValue).joined(separator: " or ")) a layer"
    case .mappedWeights(let trainer):
      "'\(trainer.rawValue)' copies weights to memory of its own, so that no mapped pages are free; leave '--mapped-free' out"
    case .time(let trainer):
      "how long a step of '\(trainer.rawValue)' takes is not predicted; leave limits of time and energy out, or plan without '--trainer'"
    }
  }
}
