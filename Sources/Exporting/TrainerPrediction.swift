import Graph
import Planning
import Steps
import TrainerModels

/// What the plan's step needs in the memory model of the trainer that carries it out, where there is one.
public enum TrainerPrediction: Sendable, Equatable {
  case peak(TrainerPeak)
  /// Why there is none, as the end of a sentence.
  case unknown(reason: String)

  public var peak: TrainerPeak? {
    if case .peak(let peak) = self { peak } else { nil }
  }
}

/// A predicted peak of a trainer's process.
public struct TrainerPeak: Sendable, Hashable {
  /// Whose memory model it is.
  public let model: TrainerModel
  /// The most bytes resident: tensors, what the allocator holds beside them, the process itself and the additions.
  public let bytes: Int
  public let processBytes: Int
  /// What this trainer needs beside the model's.
  public let additions: [MemoryAddition]

  /// The least budget that leaves room for what a prediction may miss.
  public var budgetBytes: Int { model.budget(for: bytes) }
}

/// Bytes that one trainer needs beside what its memory model counts.
public struct MemoryAddition: Sendable, Hashable, Encodable {
  public let what: String
  public let bytes: Int
}

extension ExportJob {
  /// The plan's step as the trainer runs it: with its recomputation, its formats and its own additions.
  func prediction(by target: any ExportTarget) -> TrainerPrediction {
    guard var model = target.memoryModel else {
      return .unknown(
        reason: "\(target.name) is not eager PyTorch on one device, whose memory is all that is modelled")
    }
    let carried = target.carriedOut(self)
    // A plan that was made for a trainer says which device it is on.
    if plan.trainer != .permafrost { model = plan.trainer }
    do { try model.check(carried) } catch { return .unknown(reason: "\(error)") }
    let options = plan.trainerOptions ?? PyTorchOptions()
    let step = TrainingStep(model.template(graph, carried, options), reached(by: target))
    let process = plan.trainer == .permafrost ? nil : plan.runtimeBytes
    let memory = model.memory(of: step, processBytes: process)
    let additions = target.additions(self, bytesPerScalar: options.precision == .float32 ? 4 : 2)
    return .peak(
      TrainerPeak(
        model: model, bytes: memory.residentBytes + additions.reduce(0) { $0 + $1.bytes },
        processBytes: memory.processBytes, additions: additions))
  }

  /// What backward reaches: with the trainer's checkpointing perhaps the embeddings, as if the shift of their LayerNorm trained.
  private func reached(by target: any ExportTarget) -> Selection {
    guard target.checkpointingReachesEmbeddings, recomputes,
      let shift = graph.parameters.first(where: {
        $0.role == .normShift && graph.groups[$0.group].kind == .embeddingNorm
      })
    else { return selection }
    var reached = selection
    reached.trainable.insert(shift.id)
    return reached
  }
}
