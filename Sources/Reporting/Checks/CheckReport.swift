import Units

/// Plans that were checked together.
public struct CheckReport: Report {
  public let plans: [PlanCheck]
  public let valid: Bool

  public init(_ plans: [PlanCheck]) {
    self.plans = plans
    valid = plans.allSatisfy(\.valid)
  }

  public var exitStatus: ExitStatus { valid ? .success : .negative }

  /// The answer as a sentence.
  var verdict: String {
    let count = plans.filter(\.valid).count
    return plans.count == 1
      ? "The plan is \(valid ? "valid" : "not valid")."
      : "\(count) of \(plans.count) plans are valid."
  }

  public func text(_ style: TextStyle) -> String {
    plans.map { plan in
      let title = plan.plan.printable
      return (plans.count == 1 ? "" : style.paragraph("plan \(title)", tone: .heading))
        + table(plan).text(style)
    }.joined(separator: "\n") + style.paragraph(verdict, tone: valid ? .good : .bad)
  }

  private func table(_ plan: PlanCheck) -> Table {
    var table = Table([.left(""), .left(""), .prose("")])
    for check in plan.checks {
      table.append([
        check.passed ? Table.Cell("ok", .good) : Table.Cell("FAILED", .bad), Table.Cell(check.name.rawValue),
        Table.Cell(check.detail),
      ])
    }
    return table
  }

  /// The plan's path as a reader of the repository knows it: without `./`.
  static func path(_ text: String) -> String {
    let parts = text.split(separator: "/").filter { $0 != "." }
    return (text.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }
}
