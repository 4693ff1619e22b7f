import Devices
import Units

/// A machine as it was just measured.
public struct CalibrationReport: Report {
  public let device: DeviceReport
  /// Where the profile was written.
  public let file: String?
  private let yaml: String

  public init(_ profile: DeviceProfile, yaml: String, file: String?) {
    device = DeviceReport(profile)
    self.yaml = yaml
    self.file = file
  }

  private enum CodingKeys: String, CodingKey { case device, file }

  /// The profile's file itself, or where it was written, and what was measured.
  public func text(_ style: TextStyle) -> String {
    guard let file else { return yaml }
    return device.text(style) + "\n" + style.paragraph("Written to \(file); give it as --device \(file).")
  }
}
