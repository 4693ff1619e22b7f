import Graph
import Steps

/// What one step costs, read off its kernels and buffers.
///
/// The arena's size is decided by placement, so it may exceed the most bytes alive at once; both are here. Everything else is a sum
/// over the list of kernels.
public struct Simulation: Sendable {
  public let step: TrainingStep
  /// Bytes alive in the arena at each kernel.
  public let liveBytes: [Int]
  /// The kernel at which most bytes live.
  public let peakKernel: Int

  public init(_ step: TrainingStep) {
    self.step = step
    let live = step.liveBytes()
    liveBytes = live
    peakKernel = live.indices.max { live[$0] < live[$1] } ?? 0
  }

  /// What the step needs: the whole arena, and frozen weights mapped from the checkpoint.
  public var peakBytes: Int { step.peakBytes }

  /// The most bytes alive at once, below which no placement can go; mapped weights included.
  public var livePeakBytes: Int { (liveBytes.max() ?? step.staticBytes) + step.mappedBytes }

  /// Share of the arena that placement wastes at the peak.
  public var packingOverhead: Double {
    livePeakBytes == 0 ? 0 : Double(peakBytes - livePeakBytes) / Double(livePeakBytes)
  }

  public var peakKernelName: String {
    step.kernels.indices.contains(peakKernel) ? step.kernels[peakKernel].name : "none"
  }

  /// Buffers alive at the peak, mapped weights among them.
  public var buffersAtPeak: [Buffer] {
    step.buffers.filter { $0.lifetime?.contains(peakKernel) ?? true }
  }

  /// Bytes at the peak by category; they add up to `livePeakBytes`.
  public var categories: [BufferCategory: Int] {
    buffersAtPeak.reduce(into: [:]) { $0[$1.category, default: 0] += $1.bytes }
  }

  public var operations: Int { step.operations }
  public var bytesMoved: Int {
    step.kernels.reduce(0) { $0 + step.repetitions(of: $1) * step.bytesMoved(by: $1) }
  }

  private func operations(of kernel: Kernel) -> Int {
    step.repetitions(of: kernel) * step.operations(of: kernel)
  }

  /// Bytes at the peak that belong to one layer, or outside the stack (nil).
  public struct LayerCost: Sendable {
    public let layer: Int?
    public let categories: [BufferCategory: Int]
    public let operations: Int
    public var bytes: Int { categories.values.reduce(0, +) }
  }

  /// Costs by layer, from the embeddings and head (nil) to the last layer.
  public var layers: [LayerCost] {
    let owners = bufferOwners()
    var bytes: [Int?: [BufferCategory: Int]] = [:]
    for (index, buffer) in step.buffers.enumerated() where buffer.lifetime?.contains(peakKernel) ?? true {
      bytes[owners[index], default: [:]][buffer.category, default: 0] += buffer.bytes
    }
    var operations: [Int?: Int] = [:]
    for kernel in step.kernels { operations[kernel.layer, default: 0] += self.operations(of: kernel) }
    let order: [Int?] = [nil] + (0..<step.graph.configuration.layerCount).map { $0 }
    return order.map {
      LayerCost(layer: $0, categories: bytes[$0] ?? [:], operations: operations[$0] ?? 0)
    }
  }

  /// A buffer belongs to the layer of the kernel that first touches it.
  private func bufferOwners() -> [Int?] {
    var owners = [Int??](repeating: nil, count: step.buffers.count)
    for kernel in step.kernels {
      for operand in kernel.operands where owners[operand.buffer] == nil {
        owners[operand.buffer] = .some(kernel.layer)
      }
    }
    return owners.map { $0 ?? nil }
  }
}
