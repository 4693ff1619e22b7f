import Engine
import Steps

/// Where the time of a step went, and what the simulator says of the same kernels.
public struct StepTimes: Sendable, Codable, Equatable {
  /// Kernels of one operation, summed over the layers.
  public struct Entry: Sendable, Codable, Equatable {
    public var name: String
    public var kind: KernelKind
    /// Mean over the steps measured.
    public var seconds: Double
    /// Bytes read and written, and floating-point operations, of a full batch: as long as the plan allows, where the data's may be shorter.
    public var bytes: Int
    public var operations: Int
  }

  /// The slowest first.
  public var kernels: [Entry]
  /// Filling batches from the prepared data.
  public var dataSeconds: Double
  /// Share of the steps' time in kernels that bytes bound, and in filling batches.
  public var memoryBoundShare: Double

  /// - Parameter steps: how many steps `engine.kernelTimes` covers.
  init(_ engine: Engine, steps: Int, data: Duration) {
    let step = engine.program.training
    var entries: [String: Entry] = [:]
    for (kernel, time) in zip(step.kernels, engine.kernelTimes) {
      let label = kernel.operation.label
      var entry =
        entries[label]
        ?? Entry(name: label, kind: kernel.operation.kind, seconds: 0, bytes: 0, operations: 0)
      entry.seconds += time / .seconds(1) / Double(max(steps, 1))
      entry.bytes += step.repetitions(of: kernel) * step.bytesMoved(by: kernel)
      entry.operations += step.repetitions(of: kernel) * step.operations(of: kernel)
      entries[label] = entry
    }
    kernels = entries.values.sorted { ($0.seconds, $1.name) > ($1.seconds, $0.name) }
    dataSeconds = data / .seconds(1) / Double(max(steps, 1))
    let total = kernels.reduce(dataSeconds) { $0 + $1.seconds }
    let bound = kernels.reduce(dataSeconds) { $0 + ($1.kind.isMemoryBound ? $1.seconds : 0) }
    memoryBoundShare = total > 0 ? bound / total : 0
  }

  /// Sums by kind, in the kinds' order.
  public var kinds: [Entry] {
    KernelKind.allCases.compactMap { kind in
      let members = kernels.filter { $0.kind == kind }
      guard !members.isEmpty else { return nil }
      return members.reduce(
        into: Entry(name: kind.rawValue, kind: kind, seconds: 0, bytes: 0, operations: 0)
      ) {
        $0.seconds += $1.seconds
        $0.bytes += $1.bytes
        $0.operations += $1.operations
      }
    }
  }
}
