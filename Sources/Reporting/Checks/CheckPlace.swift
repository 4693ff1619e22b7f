import Devices

/// Where a plan is to be used: a device, a number of bytes, or what the plan itself records.
public struct CheckPlace: Sendable {
  public let device: DeviceProfile?
  public let budget: Budget?

  /// The budget that the plan records.
  public static let recorded = CheckPlace(device: nil, budget: nil)

  /// A device with what may be used there, or a budget without a device.
  public init(device: DeviceProfile?, budget: Budget?) {
    self.device = device
    self.budget = budget
  }

  /// What to call it.
  var words: String { device?.identifier ?? (budget == nil ? "the recorded budget" : "the given budget") }
}

/// What has to be left of a budget.
public enum MinimumHeadroom: Sendable, Hashable {
  /// From 0 to 100.
  case percent(Double)
  case bytes(Int)

  /// The least bytes that satisfy it, rounded up.
  func bytes(of budget: Int) -> Int {
    switch self {
    case .percent(let percent): Int((Double(budget) * percent / 100).rounded(.up))
    case .bytes(let bytes): bytes
    }
  }
}
