import Checkpoints
import Graph
import Planning
import Steps
import TrainerModels
import Units

/// Whether a plan still holds: everything that it says of a model is worked out again and compared.
///
/// Nothing is taken from the plan but its decisions: the step is lowered and simulated afresh, and every figure has to
/// come out as recorded, byte for byte.
public struct PlanCheck: Encodable, Sendable {
  public struct Check: Encodable, Sendable, Equatable {
    public let name: CheckRule
    /// The device it is about, where it is about one.
    public let device: String?
    public let passed: Bool
    /// What was found, or what is wrong and what to do; one line.
    public let detail: String
    /// The line of the plan file that it is about, from 1.
    public let line: Int

    /// The check and the device, to tell one check of a plan from another.
    var title: String { name.rawValue + (device.map { " on \($0)" } ?? "") }
  }

  /// What the plan needs where it is to be used.
  public struct Fit: Encodable, Sendable, Equatable {
    public let device: String?
    public let budgetBytes: Int
    public let neededBytes: Int
    public let runtimeBytes: Int
    /// What is left; negative where it does not fit.
    public let headroomBytes: Int
  }

  /// The plan's path, as given.
  public let plan: String
  /// The model's name, as the plan records it; nil where the plan could not be read.
  public let model: String?
  public private(set) var valid = true
  public private(set) var checks: [Check] = []
  public internal(set) var fits: [Fit] = []

  private let lines: KeyLines

  private enum CodingKeys: String, CodingKey { case plan, model, valid, checks, fits }

  public var failures: [Check] { checks.filter { !$0.passed } }

  /// Checks a plan.
  ///
  /// - Parameters:
  ///   - path: what to call the plan.
  ///   - text: the plan's file, to say in which line something stands.
  ///   - model: the model it is to be used for; nil for the shape that the plan itself records.
  ///   - places: where it is to be used.
  ///   - minimum: what has to be left there.
  ///   - trainer: whose training has to fit there; nil for the plan's own.
  ///   - runtime: finds the process's own share for such a step in such a place.
  /// - Throws: what `runtime` throws.
  public init(
    _ plan: Plan, path: String, text: String, model: Model?, places: [CheckPlace],
    minimum: MinimumHeadroom? = nil, trainer: (TrainerModel, PyTorchOptions)? = nil,
    runtime: (_ place: CheckPlace, _ graph: EncoderGraph, _ recipe: Recipe) throws -> RuntimeShare
  ) throws {
    self.plan = path
    self.model = plan.model.name.printable
    lines = KeyLines(text)
    note(.schema, true, "schema \(plan.schema)")
    let graph = EncoderGraph(plan.model.configuration)
    guard checkModel(plan, graph, model), checkShape(plan, graph), let selection = checkSelection(plan, graph)
    else { return }
    checkTarget(plan, graph, selection)
    let program = StepProgram(plan.template(of: graph), selection)
    checkFigures(plan, graph, selection, program)
    checkCertificate(plan)
    checkObjective(plan, graph, selection)
    var used = plan
    if let trainer { (used.trainer, used.trainerOptions) = trainer }
    guard used.trainer == plan.trainer || checkShape(used, graph) else { return }
    let step = trainer == nil ? program : StepProgram(used.template(of: graph), selection)
    for place in places {
      let profile = Self.profile(plan, place)
      checkProfile(plan, place, profile)
      checkTime(plan, program.training, profile)
      checkBudget(used, step, try runtime(place, graph, plan.recipe), place, minimum)
    }
  }

  /// A plan of a schema that this program does not read: a check that failed.
  public init(path: String, text: String, otherSchema schema: Int) {
    plan = path
    model = nil
    lines = KeyLines(text)
    note(
      .schema, false,
      "schema \(schema), but this program reads schema \(Plan.currentSchema); make the plan again")
  }

  mutating func note(_ rule: CheckRule, device: String? = nil, _ passed: Bool, _ detail: String) {
    checks.append(
      Check(
        name: rule, device: device, passed: passed, detail: detail.printable, line: lines[rule.key]))
    valid = valid && passed
  }
}
