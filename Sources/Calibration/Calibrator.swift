import Devices
import Engine
import Foundation
import Kernels
import Steps

/// Measures kernels by running small training steps through the engine.
///
/// The steps are those of made-up encoders of one layer. Their kernels find memory and caches as kernels of any training step do,
/// which products repeated on the same operands would not. Everything is run in turns, waiting for a processor is left out of the times,
/// and of each kernel's times the mean counts, because a step's time is a sum: the shortest would be that of a turn in which one thread had
/// caches, memory or a shared core to itself because the others were waiting.
public struct Calibrator {
  public let threads: Int
  /// Only small steps, and few turns: for trying out the command.
  public let isQuick: Bool
  /// Bytes that the steps may take together.
  public let memoryBytes: Int
  /// Seconds for all turns; the first may take a quarter of them.
  var seconds: Double
  /// Turns, at least, in whatever time.
  var fewestTurns = 3

  public init(threads: Int, isQuick: Bool, memoryBytes: Int) {
    self.threads = threads
    self.isQuick = isQuick
    self.memoryBytes = memoryBytes
    seconds = isQuick ? 1 : 18
  }

  /// What was measured.
  public struct Result: Sendable {
    public let kernels: [String: KernelRate]
    public let samples: [KernelSample]
    /// The highest rate that a product reached.
    public let peakFLOPS: Double
    /// Of copying between regions larger than caches, reads and writes both counted.
    public let memoryBandwidth: Double
    public let turns: Int
    public let steps: Int
    /// Copied bytes at a time.
    public let copiedBytes: Int
  }

  /// - Parameter onTurn: called after each turn with the share of the time that is gone; what it does takes of that time, too.
  /// - Throws: `KernelError`, `LimitError`, `EngineError`.
  public func measure(onTurn: (Double) -> Void = { _ in }) throws -> Result {
    let context = try KernelContext(threads: threads)
    try context.warmUp()
    let start = ContinuousClock.now
    func elapsed() -> Double { (ContinuousClock.now - start) / .seconds(1) }

    var runs: [CalibrationRun] = []
    var bytes = 0
    var rate = 0.0
    let programs = (isQuick ? CalibrationCase.quick : CalibrationCase.all).map { $0.program(threads: threads) }
    for program in programs.sorted(by: { $0.training.operations < $1.training.operations }) {
      // A step that this machine has no memory or no time for is left out, and with it all larger ones.
      let expected = rate > 0 ? Double(program.training.operations) / rate : 0
      let isAffordable =
        bytes + program.arenaBytes <= memoryBytes && (isQuick || elapsed() + expected < seconds / 4)
      guard runs.isEmpty || isAffordable else { break }
      let run = try CalibrationRun(program, context)
      let began = elapsed()
      try run.run()
      rate = Double(program.training.operations) / max(elapsed() - began, 1e-9)
      bytes += program.arenaBytes
      runs.append(run)
    }
    let copying = CopyMeasurement(bytes: min(isQuick ? 8 << 20 : 128 << 20, memoryBytes / 4), context)
    var turns = 0
    // The first turn touched everything and faulted pages in.
    for run in runs { run.forget() }
    while turns < fewestTurns || elapsed() < seconds {
      for run in runs {
        // Steps of whole models find little of what they touched last in any cache; these steps are small, and some caches are not.
        copying.run()
        try run.run()
      }
      turns += 1
      onTurn(min(1, elapsed() / seconds))
    }
    let samples = runs.flatMap(\.samples)
    let peak = samples.filter { $0.work.kernelClass.isProduct }.map { Double($0.work.operations) / $0.seconds }
      .max()
    return Result(
      kernels: RateFit.rates(samples), samples: samples, peakFLOPS: peak ?? 0,
      memoryBandwidth: copying.bytesPerSecond, turns: turns, steps: runs.count, copiedBytes: copying.bytes)
  }
}

/// Copies a region larger than caches to another.
final class CopyMeasurement {
  let bytes: Int
  private let context: KernelContext
  private let from, to: UnsafeMutablePointer<Float>
  private var times: [Double] = []

  init(bytes: Int, _ context: KernelContext) {
    self.bytes = bytes
    self.context = context
    from = .allocate(capacity: bytes / 4)
    to = .allocate(capacity: bytes / 4)
    from.initialize(repeating: 1, count: bytes / 4)
    to.initialize(repeating: 0, count: bytes / 4)
  }

  deinit {
    from.deallocate()
    to.deallocate()
  }

  func run() {
    var clock = KernelClock(threads: context.threads, leavesOutWaiting: true)
    context.copy(count: bytes / 4, x: from, y: to)
    times.append(clock.lap() / .seconds(1))
  }

  /// Reads and writes both counted.
  var bytesPerSecond: Double { 2 * Double(bytes) / times.median }
}
