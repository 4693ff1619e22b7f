import Devices
import Simulation
import Steps

/// How long a plan's step takes on the device that it was made with, by the device's rates.
public struct TimeEstimate: Sendable, Codable, Equatable {
  public var device: String
  /// What the rates are, and so whether the time is a prediction or a bound from below.
  public var basis: KernelTimes.Basis
  /// One optimizer step, all micro-batches.
  public var seconds: Double
  /// What the device draws meanwhile; nil where its profile does not say.
  public var joules: Double?
  /// The most seconds that were allowed, be it in time or in energy; nil for no limit.
  public var maximumSeconds: Double?

  init(_ step: TrainingStep, on device: DeviceProfile, maximumSeconds: Double?) {
    let estimate = RooflineEstimate(step, on: device)
    self.device = device.identifier
    (basis, seconds, joules) = (estimate.basis, estimate.seconds, estimate.joules)
    self.maximumSeconds = maximumSeconds
  }
}
