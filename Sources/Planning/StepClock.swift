import Devices
import Simulation
import Steps

/// How long kernels take, to rank recipes and to keep a time limit.
struct StepClock: Sendable {
  /// The device's; without one, a nominal machine ranks alike.
  private let times: KernelTimes?
  /// Seconds of an operation and of a byte moved; nominal ones without a device.
  private let operationSeconds: Double
  private let byteSeconds: Double

  init(device: DeviceProfile?) {
    times = device.map(KernelTimes.init)
    operationSeconds = device.map { 1 / $0.peakFLOPS } ?? 1e-9
    byteSeconds = device.map { 1 / $0.memoryBandwidthBytesPerSecond } ?? 1e-9 * Self.nominalBalance
  }

  /// Operations that take as long as moving one byte where no device is given: the balance of small processors, such as the
  /// Raspberry Pi Zero 2 W's 32 GFLOP/s over 2.6 GB/s (`Profiles/raspberry-pi-zero-2w.yaml`).
  private static let nominalBalance = 12.0

  /// Seconds that all runs of a kernel take in one step; nominal ones without a device.
  func seconds(of kernel: Kernel, in step: TrainingStep) -> Double {
    if let times { return times.seconds(of: kernel, in: step) }
    return max(arithmeticSeconds(of: kernel, in: step), memorySeconds(of: kernel, in: step))
  }

  func seconds(_ step: TrainingStep) -> Double {
    step.kernels.reduce(0) { $0 + seconds(of: $1, in: step) }
  }

  /// What to rank steps by: measured times, or else arithmetic and memory one after the other.
  ///
  /// The larger of the two is a bound from below. It hides what products of few rows, in a batch cut into small pieces, take for going through all
  /// weights again: MiniLM's step of 16 sequences of SST-2, 13 tokens each, takes 298 ms whole, 405 ms in 8 pieces and 569 ms in 16 on one
  /// thread of an EPYC (Zen 4), where the bound is the same.
  func rank(_ step: TrainingStep) -> Double {
    if times?.basis == .measuredRates { return seconds(step) }
    return step.kernels.reduce(0) {
      $0 + arithmeticSeconds(of: $1, in: step) + memorySeconds(of: $1, in: step)
    }
  }

  private func arithmeticSeconds(of kernel: Kernel, in step: TrainingStep) -> Double {
    operationSeconds * Double(step.operations(of: kernel)) * Double(step.repetitions(of: kernel))
  }

  private func memorySeconds(of kernel: Kernel, in step: TrainingStep) -> Double {
    byteSeconds * Double(step.bytesMoved(by: kernel)) * Double(step.repetitions(of: kernel))
  }

  /// Whole nanoseconds, rounded down.
  static func nanoseconds(_ seconds: Double) -> Int { Int((seconds * 1e9).rounded(.down)) }
}
