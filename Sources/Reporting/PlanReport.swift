import Graph
import Planning
import Steps
import TrainerModels
import Units

/// A plan, or why there is none.
///
/// As JSON it is the plan file itself.
public struct PlanReport: Report {
  private let outcome: Planner.Outcome
  let request: PlanRequest
  let runtime: RuntimeShare
  private let explanation: PlanExplanation?

  /// - Parameter explanation: of the plan, for the text.
  public init(
    _ outcome: Planner.Outcome, of request: PlanRequest, runtime: RuntimeShare,
    explanation: PlanExplanation? = nil
  ) {
    self.outcome = outcome
    self.request = request
    self.runtime = runtime
    self.explanation = explanation
  }

  public var exitStatus: ExitStatus {
    if case .infeasible = outcome { .negative } else { .success }
  }

  public func encode(to encoder: any Encoder) throws {
    switch outcome {
    case .plan(let plan): try plan.encode(to: encoder)
    case .infeasible(let reason): try reason.encode(to: encoder)
    }
  }

  public func text(_ style: TextStyle) -> String {
    switch outcome {
    case .plan(let plan): text(plan, style)
    case .infeasible(let reason): text(reason, style)
    }
  }

  private func text(_ plan: Plan, _ style: TextStyle) -> String {
    let trainer = plan.trainer == .permafrost ? "" : " with \(plan.trainer.rawValue)"
    let target = plan.target.map { " by \($0)" } ?? ""
    let title = "\(plan.model.name)\(trainer)\(target) for \(plan.device ?? "a budget"): \(plan.recipe.words)"
    let selection = try? plan.selection(of: request.graph)
    return style.paragraph(title, tone: .heading) + "\n"
      + (selection.map { SelectionMap(request.graph, $0).text(style) + "\n" } ?? "")
      + (explanation.map { table($0).text(style) + "\n" } ?? "") + Table.pairs(facts(plan)).text(style)
  }

  /// What each kind of group captures, and what the peak would be without it.
  private func table(_ explanation: PlanExplanation) -> Table {
    var table = Table([.left("trains"), .right("parameters"), .right("score"), .right("frees if frozen")])
    for row in explanation.rows.sorted(by: {
      ($0.objective, $0.kind.rawValue) > ($1.objective, $1.kind.rawValue)
    }
    ) {
      let share = row.trainableParameters == row.parameters ? "" : " of \(Quantity.count(row.parameters))"
      table.append([
        Table.Cell(row.kind.title), Table.Cell(Quantity.count(row.trainableParameters) + share),
        Table.Cell(Quantity.percent(row.objective)), Table.Cell(ByteCount.format(row.bytes, rounding: .up)),
      ])
    }
    return table
  }

  private func facts(_ explanation: PlanExplanation, _ plan: Plan) -> [(String, String)] {
    var facts = [("at the peak", explanation.peak.words)]
    if let more = explanation.more {
      let gain = more.objective - plan.objective
      facts.append(
        (
          "10 MiB more",
          gain < 5e-5
            ? "would capture no more" + (plan.time?.maximumSeconds == nil ? "" : " in the time that is allowed")
            : "would capture \(Quantity.percent(more.objective)), \(Quantity.percent(gain)) more"
        ))
    }
    return facts
  }

  private func facts(_ plan: Plan) -> [(String, String)] {
    let count = request.graph.parameterCount
    // What stays free for another trainer's sake is not left.
    let headroom = plan.trainer.usableBytes(ofBudget: plan.budgetBytes) - plan.chargedBytes
    let scores =
      switch request.scores.origin {
      case .prior: "a prior, since no scores were given; 'permafrost prime' measures them"
      case .priming:
        (request.scores.metric.map { "\($0.rawValue), " } ?? "") + "measured by priming"
          + (request.scores.task.map { " on \($0)" } ?? "")
      case .given: "as given"
      }
    return [
      (
        "trains",
        "\(Quantity.count(plan.trainableParameters)) of \(Quantity.count(count)) parameters "
          + "(\(Quantity.percent(Double(plan.trainableParameters) / Double(max(count, 1)))))"
      ),
      (
        "predicted peak",
        "\(ByteCount.format(plan.predictedPeakBytes, rounding: .up)) "
          + "(\(ByteCount.formatExactly(plan.predictedPeakBytes))): \(Self.parts(of: plan))"
      ),
      ("runtime", "\(ByteCount.format(plan.runtimeBytes, rounding: .up)), \(runtime.words)"),
      (
        "budget",
        "\(ByteCount.format(plan.budgetBytes, rounding: .down)), \(Self.rule(of: plan))"
      ),
      ("headroom", "\(ByteCount.format(headroom, rounding: .down)) (\(ByteCount.formatExactly(headroom)))"),
    ] + timeFacts(plan) + targetFacts(plan) + [
      ("scores", scores),
      (
        "captured",
        "\(Quantity.percent(plan.objective)) of the score, at most \(Quantity.percent(plan.bound)) is possible"
      ),
      (
        "certificate",
        "\(plan.certaintyWords); \(Quantity.count(plan.rounds, of: "round")), "
          + "\(Quantity.count(plan.nodes, of: "node")), \(Quantity.duration(seconds: plan.solveSeconds))"
      ),
    ] + (explanation.map { facts($0, plan) } ?? [])
  }

  private func timeFacts(_ plan: Plan) -> [(String, String)] {
    guard let time = plan.time else { return [] }
    let note = time.basis.note(of: request.profile)
    return [("on \(time.device)", time.words)] + (note.map { [("its rates", $0)] } ?? [])
  }

  /// What may be decided is the target's; the bytes are not.
  private func targetFacts(_ plan: Plan) -> [(String, String)] {
    guard let target = plan.target, plan.trainer == .permafrost else { return [] }
    return [
      (
        "in \(target)",
        "takes other bytes than these, which are of permafrost's own training; 'permafrost export' predicts them where it can, and "
          + "'--trainer pytorch' plans by PyTorch's"
      )
    ]
  }

  /// What the predicted peak is made of.
  private static func parts(of plan: Plan) -> String {
    let arena = ByteCount.format(plan.arenaBytes, rounding: .up)
    guard plan.trainer != .permafrost else {
      return "arena \(arena), mapped weights \(ByteCount.format(plan.mappedBytes, rounding: .up))"
    }
    let held = ByteCount.format(plan.predictedPeakBytes - plan.arenaBytes, rounding: .up)
    return "tensors \(arena), held by the allocator beside them \(held)"
  }

  /// What counts towards the budget.
  private static func rule(of plan: Plan) -> String {
    guard plan.trainer != .permafrost else {
      return plan.mappedFree ? "mapped weights are free" : "mapped weights count"
    }
    let kept = plan.budgetBytes - plan.trainer.usableBytes(ofBudget: plan.budgetBytes)
    return "of which \(ByteCount.format(kept, rounding: .up)) stay free, as a prediction may err by so much"
  }
}

extension StepPeak {
  /// The kernel and what lives then, the most first.
  var words: String {
    let parts = bytes.sorted { ($0.value, $0.key.rawValue) > ($1.value, $1.key.rawValue) }
      .map { "\($0.key.rawValue) \(ByteCount.format($0.value, rounding: .up))" }
    return "\(kernel): \(parts.joined(separator: ", "))"
  }
}

extension Plan {
  /// The status, and what kept a plan from being proven.
  fileprivate var certaintyWords: String {
    switch status {
    case .notProven: "\(status.words): \(termination)"
    case .quicker: "\(status.words) ('--half-time-worth 0' plans for the most)"
    default: status.words
    }
  }
}

extension Plan.Status {
  /// The status as the start of a sentence.
  var words: String {
    switch self {
    case .optimal: "proven optimal"
    case .withinGap: "within the gap of the bound"
    case .quicker: "less than the most, for a quicker step"
    case .notProven: "not proven"
    case .given: "given, not searched"
    }
  }
}
