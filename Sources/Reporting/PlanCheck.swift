import Checkpoints
import Devices
import Graph
import Planning
import Steps
import Units

/// Whether a plan still holds: everything that it says of a model is worked out again and compared.
///
/// Nothing is taken from the plan but its decisions: the step is lowered and simulated afresh, and every figure has to
/// come out as recorded, byte for byte.
public struct PlanCheck: Report {
  public struct Check: Encodable, Sendable, Equatable {
    public let name: String
    public let passed: Bool
    /// What was found, or what is wrong and what to do.
    public let detail: String
  }

  public let plan: String
  public private(set) var valid = true
  public private(set) var checks: [Check] = []

  public var exitStatus: ExitStatus { valid ? .success : .negative }

  /// Checks a plan.
  ///
  /// - Parameters:
  ///   - path: what to call the plan.
  ///   - model: the model it is to be used for; nil for the shape that the plan itself records.
  ///   - device: the device it is to be used on, and `budget` what may be used there; nil for the budget that the plan records.
  ///   - runtime: measures the process's own share, for so many threads.
  /// - Throws: what `runtime` throws.
  public init(
    _ plan: Plan, path: String, model: Model?, device: DeviceProfile?, budget: Budget?,
    runtime: (_ threads: Int) throws -> RuntimeShare
  ) throws {
    self.plan = path
    let graph = EncoderGraph(plan.model.configuration)
    guard checkModel(plan, graph, model), checkShape(plan, graph), let selection = checkSelection(plan, graph)
    else { return }
    let program = StepProgram(graph, plan.recipe, selection)
    checkFigures(plan, graph, selection, program)
    checkCertificate(plan)
    if budget == nil { checkRecordedDevice(plan) }
    let needed = try runtime(plan.recipe.threads)
    checkBudget(plan, program, needed, budget, device)
  }

  private mutating func note(_ name: String, _ passed: Bool, _ detail: String) {
    checks.append(Check(name: name, passed: passed, detail: detail))
    valid = valid && passed
  }

  // MARK: Checks

  private mutating func checkModel(_ plan: Plan, _ graph: EncoderGraph, _ model: Model?) -> Bool {
    let recorded = plan.model.identity
    guard graph.identity == recorded else {
      note(
        "model", false,
        "the plan's configuration is not of the model with the identity it records; make the plan again")
      return false
    }
    guard let model else {
      note("model", true, "\(plan.model.name), as the plan records it")
      return true
    }
    guard model.identity == recorded else {
      note(
        "model", false,
        "made for \(plan.model.name) (\(recorded.prefix(12))), but \(model.displayName) is another shape "
          + "(\(model.identity.prefix(12))); make a plan for it")
      return false
    }
    note("model", true, "\(model.displayName) has the shape that the plan was made for")
    return true
  }

  private mutating func checkShape(_ plan: Plan, _ graph: EncoderGraph) -> Bool {
    let rule = plan.recipe.brokenRule(for: graph)
    note("shape", rule == nil, rule ?? plan.recipe.words)
    return rule == nil
  }

  private mutating func checkSelection(_ plan: Plan, _ graph: EncoderGraph) -> Selection? {
    do {
      let selection = try plan.selection(of: graph)
      let names = Plan.names(of: selection, graph) { $0.name }
      guard plan.trainable.count == Set(plan.trainable).count,
        Set(names) == Set(plan.trainable.map { graph.canonicalName($0) })
      else {
        note("selection", false, "trainable and retained_nodes contradict each other; make the plan again")
        return nil
      }
      note(
        "selection", true,
        "\(names.count) tensors train whole, \(plan.learnerNodes.joined().count) nodes in part")
      return selection
    } catch {
      note("selection", false, "\(error)")
      return nil
    }
  }

  private mutating func checkFigures(
    _ plan: Plan, _ graph: EncoderGraph, _ selection: Selection, _ program: StepProgram
  ) {
    func compare(_ name: String, _ recorded: Int, _ fresh: Int, _ print: (Int) -> String) {
      note(
        name, recorded == fresh,
        recorded == fresh
          ? print(fresh)
          : "the plan says \(print(recorded)), the simulation says \(print(fresh)); make the plan again")
    }
    compare("trainable_parameters", plan.trainableParameters, selection.trainedCount(of: graph), Quantity.count)
    compare("arena_bytes", plan.arenaBytes, program.arenaBytes, ByteCount.formatExactly)
    compare("mapped_bytes", plan.mappedBytes, program.mappedBytes, ByteCount.formatExactly)
    compare("predicted_peak_bytes", plan.predictedPeakBytes, program.peakBytes, ByteCount.formatExactly)
  }

  /// What the plan says of itself has to add up.
  private mutating func checkCertificate(_ plan: Plan) {
    let charged = plan.mappedFree ? plan.arenaBytes : plan.predictedPeakBytes
    let (needed, overflow) = charged.addingReportingOverflow(plan.runtimeBytes)
    let (headroom, below) = plan.budgetBytes.subtractingReportingOverflow(needed)
    let isSound = !overflow && !below && headroom == plan.headroomBytes && headroom >= 0 && plan.feasible
    note(
      "headroom_bytes", isSound,
      isSound
        ? ByteCount.formatExactly(headroom)
        : "budget, runtime, peak and headroom do not add up to a feasible plan; make the plan again")
    let scores = [plan.objective, plan.bound, plan.gap]
    let isCertified =
      scores.allSatisfy { $0.isFinite && $0 >= 0 } && plan.objective <= plan.bound * (1 + 1e-9)
      && plan.bound <= 1 + 1e-9
    note(
      "certificate", isCertified,
      isCertified ? plan.status.words : "objective, bound and gap contradict each other; make the plan again")
  }

  /// Profiles change as better figures are found; a plan for a device is for the budget that it has now.
  private mutating func checkRecordedDevice(_ plan: Plan) {
    guard let name = plan.device else { return }
    guard DeviceCatalogue.names.contains(name), let profile = try? DeviceCatalogue.load(nameOrPath: name) else {
      note("device", true, "\(name) is no built-in profile; the recorded budget stands for it")
      return
    }
    let isSame = profile.budgetBytes == plan.budgetBytes
    note(
      "device", isSame,
      isSame
        ? "\(name) has the recorded budget"
        : "the plan says that \(name) has \(ByteCount.formatExactly(plan.budgetBytes)), its profile says "
          + "\(ByteCount.formatExactly(profile.budgetBytes)); make the plan again")
  }

  private mutating func checkBudget(
    _ plan: Plan, _ program: StepProgram, _ runtime: RuntimeShare, _ given: Budget?, _ device: DeviceProfile?
  ) {
    let isOwnDevice = device != nil && device?.identifier == plan.device
    let mappedFree = given.map { $0.mappedFree || (isOwnDevice && plan.mappedFree) } ?? plan.mappedFree
    let budget = given?.bytes ?? plan.budgetBytes
    let (needed, overflow) = (mappedFree ? program.arenaBytes : program.peakBytes).addingReportingOverflow(
      runtime.bytes)
    let place = device?.identifier ?? (given == nil ? "the recorded budget" : "the given budget")
    let sum =
      "\(ByteCount.formatExactly(needed)), \(ByteCount.formatExactly(runtime.bytes)) of them the program, "
      + "\(runtime.words), of \(ByteCount.formatExactly(budget)) on \(place)"
    let fits = !overflow && needed <= budget
    note("budget", fits, fits ? "needs \(sum)" : "does not fit: needs \(sum); plan for this budget")
  }

  // MARK: Text

  public func text(_ style: TextStyle) -> String {
    var table = Table([.left(""), .left(""), .prose("")])
    for check in checks {
      table.append([
        check.passed ? Table.Cell("ok", .good) : Table.Cell("FAILED", .bad), Table.Cell(check.name),
        Table.Cell(check.detail),
      ])
    }
    return table.text(style)
      + style.paragraph(valid ? "The plan is valid." : "The plan is not valid.", tone: valid ? .good : .bad)
  }
}
