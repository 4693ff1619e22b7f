import Devices
import Steps

/// How long a step takes at best on a device, kernel by kernel.
///
/// The roofline model (Williams, Waterman and Patterson, CACM 52(4), 2009): a kernel takes at least as long as its
/// operations at the device's peak, and at least as long as its bytes at the memory's bandwidth. The sum over the
/// kernels is an estimate from below: it knows of no cache, which helps, and of no kernel that stays under the peak,
/// which all do.
public struct RooflineEstimate: Sendable, Hashable {
  /// One step.
  public let seconds: Double
  /// The part of it spent in kernels that the memory, not the arithmetic, holds back.
  public let memoryBoundSeconds: Double
  /// What the device draws over one step; nil where the profile does not say.
  public let joules: Double?

  public init(_ step: TrainingStep, on device: DeviceProfile) {
    var seconds = 0.0
    var memoryBound = 0.0
    for kernel in step.kernels {
      let repetitions = Double(step.repetitions(of: kernel))
      let (arithmetic, memory) = Self.times(of: kernel, in: step, on: device)
      seconds += repetitions * max(arithmetic, memory)
      if memory > arithmetic { memoryBound += repetitions * memory }
    }
    self.seconds = seconds
    memoryBoundSeconds = memoryBound
    joules = device.activePowerWatts.map { $0 * seconds }
  }

  /// One run of one kernel.
  public static func seconds(of kernel: Kernel, in step: TrainingStep, on device: DeviceProfile) -> Double {
    let (arithmetic, memory) = times(of: kernel, in: step, on: device)
    return max(arithmetic, memory)
  }

  private static func times(
    of kernel: Kernel, in step: TrainingStep, on device: DeviceProfile
  ) -> (arithmetic: Double, memory: Double) {
    (
      Double(step.operations(of: kernel)) / device.peakFLOPS,
      Double(step.bytesMoved(by: kernel)) / device.memoryBandwidthBytesPerSecond
    )
  }
}
