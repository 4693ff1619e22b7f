import Planning
import Steps
import TrainerModels
import Units

/// Why there is no plan, and what would do.
extension PlanReport {
  func text(_ reason: Infeasibility, _ style: TextStyle) -> String {
    let budget = ByteCount.format(reason.budgetBytes, rounding: .down)
    guard let smallest = reason.smallestFeasibleBudgetBytes else {
      return tooSlow(reason, style) + table(reason.changes, style)
    }
    let programAlone = runtime.bytes > reason.budgetBytes
    let program = ByteCount.format(runtime.bytes, rounding: .up)
    var text = style.paragraph(
      programAlone
        ? "Infeasible: the process of '\(request.trainer.rawValue)' alone takes \(program) before its first tensor, "
          + "\(runtime.words), more than the budget of \(budget)"
          + (request.trainer == .permafrost ? "." : "; plan without '--trainer' for permafrost's own engine.")
        : "Infeasible: \(request.modelName) does not train in \(budget), not even "
          + "\(leastWords) (\(request.recipe.shapeWords)).",
      tone: .bad)
    // Which allocator wastes what, and which layers to make slower, is not tried in every way.
    let isExact = request.trainer == .permafrost && reason.maximumStepSeconds == nil
    let needed = "\(ByteCount.format(smallest, rounding: .up)) (\(ByteCount.formatExactly(smallest)))"
    text += style.paragraph(
      (isExact ? "The smallest budget that would do is \(needed)" : "A budget of \(needed) would do")
        + (reason.maximumStepSeconds.map { " with a step of at most \(Quantity.duration(seconds: $0))" } ?? "")
        + (programAlone
          ? " (\(request.recipe.shapeWords))."
          : "; the program itself takes \(program) of it, \(runtime.words).")
        + (isExact ? "" : " A little less may, which is not tried in every way."))
    if let peak = reason.peak { text += style.paragraph("What binds, in \(peak.words).") }
    return text + table(reason.changes, style)
  }

  private func tooSlow(_ reason: Infeasibility, _ style: TextStyle) -> String {
    let least = Quantity.duration(seconds: reason.smallestStepSeconds ?? .infinity)
    let limit = Quantity.duration(seconds: reason.maximumStepSeconds ?? 0)
    let joules = request.profile?.activePowerWatts.map { $0 * (reason.smallestStepSeconds ?? .infinity) }
    let energy = joules.map { ", \(Quantity.joules($0))," } ?? ""
    return style.paragraph(
      "Infeasible: a step of \(request.modelName) takes at least \(least)\(energy) on \(request.profile?.title ?? "the device") "
        + "(\(request.recipe.shapeWords)), and \(request.stepLimitOption.map { "'\($0)'" } ?? "the limit") allows \(limit); allow more, "
        + "or a smaller batch or sequence.",
      tone: .bad)
  }

  private func table(_ changes: [Infeasibility.Change], _ style: TextStyle) -> String {
    guard !changes.isEmpty else { return "" }
    var table = Table([.prose("change"), .right("smallest budget"), .left("enough")])
    for change in changes {
      table.append([
        Table.Cell(change.change),
        Table.Cell(ByteCount.format(change.smallestFeasibleBudgetBytes, rounding: .up)),
        change.suffices ? Table.Cell("yes", .good) : "no",
      ])
    }
    return "\n" + table.text(style)
  }

  /// The least that may train.
  private var leastWords: String {
    if let target = request.target { return "what '\(target.name)' trains at least" }
    guard request.pins.train.isEmpty, request.pins.minimumRetention == 0 else {
      return "what has to train alone"
    }
    return request.pins.freeze.isEmpty ? "its head alone" : "the least that may train"
  }
}
