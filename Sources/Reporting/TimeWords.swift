import Devices
import Planning
import Simulation
import Units

extension KernelTimes.Basis {
  /// A step's time and energy by such rates, and what they are worth.
  func words(seconds: Double, joules: Double?) -> String {
    let time =
      Quantity.duration(seconds: seconds) + " a step" + (joules.map { ", \(Quantity.joules($0))" } ?? "")
    return switch self {
    case .measuredRates: "about \(time): predicted from rates measured there"
    case .peakRates: "at least \(time): an estimate from peak rates"
    }
  }

  /// What a profile says of rates that were measured, such as that they are too rough.
  func note(of device: DeviceProfile?) -> String? { self == .measuredRates ? device?.notes : nil }
}

extension TimeEstimate {
  /// The time, and the limit that it keeps where there was one.
  var words: String {
    basis.words(seconds: seconds, joules: joules)
      + (maximumSeconds.map { "; \(Quantity.duration(seconds: $0)) are allowed" } ?? "")
  }
}
