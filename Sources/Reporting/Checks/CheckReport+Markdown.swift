import Units

extension CheckReport {
  /// One page for people, in the Markdown that GitHub and GitLab show.
  public var markdown: String {
    var lines = [
      "## Permafrost: \(verdict)", "",
      "| | plan | model | on | needs | budget | headroom |", "|---|---|---|---|---:|---:|---:|",
    ]
    for plan in plans {
      lines += plan.fits.map { row(plan, $0) }
      if plan.fits.isEmpty { lines.append(row(plan, nil)) }
    }
    for plan in plans where !plan.valid {
      lines += ["", "### \(Self.escape(plan.plan))", ""]
      lines += plan.failures.map { "- **\(Self.escape($0.title))**: \(Self.escape($0.detail))" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func row(_ plan: PlanCheck, _ fit: PlanCheck.Fit?) -> String {
    let failed = plan.failures.contains { $0.device == nil || fit == nil || $0.device == fit?.device }
    let figures =
      fit.map { fit in
        let headroom = ByteCount.format(fit.headroomBytes, rounding: fit.headroomBytes < 0 ? .up : .down)
        let share = Double(fit.headroomBytes) / Double(max(fit.budgetBytes, 1))
        return [
          ByteCount.format(fit.neededBytes, rounding: .up), ByteCount.format(fit.budgetBytes, rounding: .down),
          fit.headroomBytes < 0 ? headroom : "\(headroom) (\(Quantity.percent(share)))",
        ]
      } ?? ["", "", ""]
    let names = [plan.plan, plan.model ?? "", fit.map { $0.device ?? "a budget" } ?? ""].map(Self.escape)
    return "| \(([failed ? "❌" : "✅"] + names + figures).joined(separator: " | ")) |"
  }

  /// The text on one line, with everything that Markdown, HTML or GitHub's formulas would take for markup escaped.
  static func escape(_ text: String) -> String {
    text.printable.unicodeScalars.map { scalar in
      switch scalar {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\\", "`", "*", "_", "[", "]", "|", "~", "$", "#": "\\" + String(scalar)
      default: String(scalar)
      }
    }.joined()
  }
}
