import Devices
import Simulation
import Steps

/// How long kernels take, to rank recipes and to keep a time limit.
struct StepClock: Sendable {
  /// The device's; without one, a nominal machine ranks alike.
  private let times: KernelTimes?

  init(device: DeviceProfile?) { times = device.map(KernelTimes.init) }

  /// Operations that take as long as moving one byte where no device is given: the balance of small processors, such as the
  /// Raspberry Pi Zero 2 W's 32 GFLOP/s over 2.6 GB/s (`Profiles/raspberry-pi-zero-2w.yaml`).
  private static let nominalBalance = 12.0

  /// Seconds that all runs of a kernel take in one step; nominal ones without a device.
  func seconds(of kernel: Kernel, in step: TrainingStep) -> Double {
    if let times { return times.seconds(of: kernel, in: step) }
    let bytes = Self.nominalBalance * Double(step.bytesMoved(by: kernel))
    return 1e-9 * max(Double(step.operations(of: kernel)), bytes) * Double(step.repetitions(of: kernel))
  }

  func seconds(_ step: TrainingStep) -> Double {
    step.kernels.reduce(0) { $0 + seconds(of: $1, in: step) }
  }

  /// Whole nanoseconds, rounded down.
  static func nanoseconds(_ seconds: Double) -> Int { Int((seconds * 1e9).rounded(.down)) }
}
