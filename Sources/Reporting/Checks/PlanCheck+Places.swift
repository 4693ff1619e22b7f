import Devices
import Planning
import Simulation
import Steps
import Units

/// What a plan needs, against the places where it is to be used.
extension PlanCheck {
  /// Profiles change as better figures are found; a plan for a device is for the figures that it has now.
  ///
  /// - Parameter profile: as ``profile(_:_:)`` gives it for the place.
  mutating func checkProfile(_ plan: Plan, _ place: CheckPlace, _ profile: DeviceProfile?) {
    guard let name = plan.device, place.budget == nil || place.device?.identifier == name else { return }
    guard let profile else {
      note(.device, device: name, true, "\(name) is no built-in profile; the recorded budget stands for it")
      return
    }
    var changes: [String] = []
    func compare(_ what: String, _ recorded: Int, _ now: Int) {
      guard recorded != now else { return }
      changes.append("\(what) \(ByteCount.formatExactly(recorded)), now \(ByteCount.formatExactly(now))")
    }
    compare("a budget of", plan.budgetBytes, profile.budgetBytes)
    // The rest of what a profile says of memory is about this program's own process.
    let isOwn = plan.trainer == .permafrost
    if isOwn, let runtime = profile.runtimeBytes { compare("a runtime of", plan.runtimeBytes, runtime) }
    if isOwn, !profile.cleanMappedPagesCount, !plan.mappedFree {
      changes.append("mapped weights that count, now they are free")
    }
    if changes.isEmpty, let recorded = plan.profileIdentity, recorded != (try? PlanFile.identity(of: profile)) {
      changes.append("other rates or sources in its profile")
    }
    note(
      .device, device: name, changes.isEmpty,
      changes.isEmpty
        ? "\(name) has the recorded figures"
        : "the plan was made for \(name) with \(changes.joined(separator: ", with ")); make the plan again")
  }

  /// The place's device, or the built-in profile of the plan's.
  static func profile(_ plan: Plan, _ place: CheckPlace) -> DeviceProfile? {
    place.device
      ?? plan.device.flatMap { name in
        DeviceCatalogue.names.contains(name) ? try? DeviceCatalogue.load(nameOrPath: name) : nil
      }
  }

  /// A limit of time or energy, by the rates that the device has now.
  mutating func checkTime(_ plan: Plan, _ step: TrainingStep, _ profile: DeviceProfile?) {
    guard let limit = plan.time?.maximumSeconds, let profile else { return }
    let seconds = RooflineEstimate(step, on: profile).seconds
    let words = "a step takes \(Quantity.duration(seconds: seconds)) by the rates of \(profile.identifier), "
    let allowed = "\(Quantity.duration(seconds: limit)) are allowed"
    note(
      .time, device: profile.identifier, seconds <= limit,
      words + (seconds <= limit ? "and \(allowed)" : "but only \(allowed); plan for this device"))
  }

  mutating func checkBudget(
    _ plan: Plan, _ program: StepProgram, _ runtime: RuntimeShare, _ place: CheckPlace,
    _ minimum: MinimumHeadroom?
  ) {
    let device = place.device?.identifier
    let isOwnDevice = device != nil && device == plan.device
    let mappedFree =
      plan.trainer == .permafrost
      && place.budget.map { $0.mappedFree || (isOwnDevice && plan.mappedFree) } ?? plan.mappedFree
    let budget = place.budget?.bytes ?? plan.budgetBytes
    let usable = plan.trainer.usableBytes(ofBudget: budget)
    let step = mappedFree ? program.arenaBytes : plan.trainer.peakBytes(of: program.training)
    let (needed, overflow) = step.addingReportingOverflow(runtime.bytes)
    let sum =
      "\(ByteCount.formatExactly(needed)), \(ByteCount.formatExactly(runtime.bytes)) of them the program, "
      + "\(runtime.words), of \(ByteCount.formatExactly(usable))\(usable == budget ? "" : " usable") on \(place.words)"
    let fits = !overflow && needed <= usable
    note(
      .budget, device: device, fits, fits ? "needs \(sum)" : "does not fit: needs \(sum); plan for this budget")
    let (headroom, below) = budget.subtractingReportingOverflow(needed)
    guard !overflow, !below else { return }
    self.fits.append(
      Fit(
        device: device, budgetBytes: budget, neededBytes: needed, runtimeBytes: runtime.bytes,
        headroomBytes: headroom))
    guard let minimum, fits else { return }
    let wanted = minimum.bytes(of: budget)
    let left =
      "\(ByteCount.formatExactly(headroom)) of \(ByteCount.formatExactly(budget)) are left on \(place.words)"
    note(
      .minimumHeadroom, device: device, headroom >= wanted,
      headroom >= wanted
        ? left : "\(left), \(ByteCount.formatExactly(wanted)) were asked for; plan for a smaller budget")
  }
}
