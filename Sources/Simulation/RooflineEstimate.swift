import Devices
import Steps

/// How long a step takes on a device, and what it draws: the sum of its ``KernelTimes``.
///
/// From peak rates it is an estimate from below: it knows of no cache, which helps, and of no kernel that stays under the peak, which
/// all do.
public struct RooflineEstimate: Sendable, Hashable {
  public let basis: KernelTimes.Basis
  /// One step, all micro-batches.
  public let seconds: Double
  /// The part of it spent in kernels that the memory, not the arithmetic, holds back.
  public let memoryBoundSeconds: Double
  /// What the device draws over one step; nil where the profile does not say.
  public let joules: Double?

  public init(_ step: TrainingStep, on device: DeviceProfile) {
    let times = KernelTimes(device, threads: step.recipe.threads)
    var seconds = 0.0
    var memoryBound = 0.0
    for kernel in step.kernels {
      let work = step.work(of: kernel)
      let time = Double(step.repetitions(of: kernel)) * times.seconds(work)
      seconds += time
      if times.isMemoryBound(work) { memoryBound += time }
    }
    basis = times.basis
    self.seconds = seconds
    memoryBoundSeconds = memoryBound
    joules = device.activePowerWatts.map { $0 * seconds }
  }
}
