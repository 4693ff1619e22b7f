import Devices
import Simulation
import Steps

/// How long kernels take, to rank recipes and to keep a time limit.
struct StepClock: Sendable {
  /// The device's; without one, those of a nominal machine, which ranks alike.
  private let times: KernelTimes

  init(device: DeviceProfile?, threads: Int? = nil) {
    times = device.map { KernelTimes($0, threads: threads) } ?? KernelTimes(peaks: Self.nominal)
  }

  /// Twelve operations take as long as moving one byte: the balance of small processors, such as the Raspberry Pi Zero 2 W's
  /// 32 GFLOP/s over 2.6 GB/s (`Profiles/raspberry-pi-zero-2w.yaml`).
  private static let nominal = KernelRate(operationsPerSecond: 1e9, bytesPerSecond: 1e9 / 12)

  /// Seconds that all runs of a kernel take in one step; nominal ones without a device.
  func seconds(of kernel: Kernel, in step: TrainingStep) -> Double { times.seconds(of: kernel, in: step) }

  func seconds(_ step: TrainingStep) -> Double {
    step.kernels.reduce(0) { $0 + seconds(of: $1, in: step) }
  }

  /// What to rank steps by: measured times, or else arithmetic and memory one after the other.
  func rank(_ step: TrainingStep) -> Double {
    step.kernels.reduce(0) { $0 + times.sequentialSeconds(of: $1, in: step) }
  }

  /// Whole nanoseconds, rounded down; at most thirteen days, so that thousands of them can be added up.
  static func nanoseconds(_ seconds: Double) -> Int { Int(min(seconds * 1e9, 0x1p50).rounded(.down)) }
}
