import ArgumentParser
import Devices

/// How long training may take, by the device's rates.
struct TimeLimitOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The most that a step may take, by the device's rates.", valueName: "seconds"),
    transform: Accepted.positive)
  var maxStepSeconds: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The most energy that a step may take, by the device's power.", valueName: "joules"),
    transform: Accepted.positive)
  var maxStepJoules: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The most that all of training may take; needs '--examples'.", valueName: "hours"),
    transform: Accepted.positive)
  var maxHours: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Examples that '--max-hours' are for, every epoch's counted.", valueName: "n"),
    transform: Accepted.count(1...1_000_000_000))
  var examples: Int?

  /// Longer steps cannot be limited: the planner adds their kernels' times up in nanoseconds.
  private static let mostSeconds = 1e6

  func validate() throws {
    if (maxHours == nil) != (examples == nil) {
      throw ValidationError("'--max-hours' and '--examples' go together; give both")
    }
  }

  /// The tightest limit of one step, and the option that sets it; nil without any.
  ///
  /// - Throws: `ValidationError` where the device does not say what a limit needs.
  func stepLimit(
    on profile: DeviceProfile?, batch: Int
  ) throws -> (seconds: Double, option: String)? {
    guard maxStepSeconds != nil || maxStepJoules != nil || maxHours != nil else { return nil }
    guard let profile else {
      throw ValidationError(
        "a limit of time or energy needs the rates of a '--device'; 'permafrost calibrate' measures this machine's"
      )
    }
    var limits: [(seconds: Double, option: String)] = []
    if let maxStepSeconds { limits.append((maxStepSeconds, "--max-step-seconds \(maxStepSeconds)")) }
    if let maxStepJoules {
      guard let watts = profile.activePowerWatts else {
        throw ValidationError("'--max-step-joules' needs a device whose profile gives active_power")
      }
      limits.append((maxStepJoules / watts, "--max-step-joules \(maxStepJoules)"))
    }
    if let maxHours, let examples {
      let steps = (examples + batch - 1) / batch
      limits.append((maxHours * 3600 / Double(steps), "--max-hours \(maxHours) --examples \(examples)"))
    }
    let tightest = limits.min { $0.seconds < $1.seconds }
    if let tightest, tightest.seconds > Self.mostSeconds {
      throw ValidationError("'\(tightest.option)' allows more than twelve days a step; leave it out")
    }
    return tightest
  }
}
