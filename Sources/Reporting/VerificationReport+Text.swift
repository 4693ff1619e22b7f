import Units
import Verification

extension VerificationReport: Report {
  public var exitStatus: ExitStatus { passed ? .success : .negative }

  public func text(_ style: TextStyle) -> String {
    let title = passed ? "Passed" : "Not passed"
    var text = style.paragraph(
      "\(title): \(model)" + (device.map { " for \($0)" } ?? "")
        + (trainer == .permafrost ? "" : " by \(trainer.rawValue)")
        + ", \(Quantity.count(steps, of: "step"))" + (task.map { " on \($0)" } ?? ""),
      tone: passed ? .good : .bad)
    var table = Table([.left(""), .left(""), .prose("")])
    for check in checks {
      table.append([
        Table.Cell(check.name), Table.Cell(check.result.words, check.result.tone), Table.Cell(check.detail),
      ])
    }
    text += "\n" + table.text(style)
    let facts = self.facts
    return facts.isEmpty ? text : text + "\n" + Table.pairs(facts).text(style)
  }

  private var facts: [(String, String)] {
    var facts: [(String, String)] = []
    if let trainerVersion { facts.append(("trainer", trainerVersion)) }
    if metrics.count > 1 {
      let others = metrics.sorted { $0.key < $1.key }.map {
        "\($0.key) \(Quantity.fixed($0.value, decimals: 4))"
      }
      facts.append(("metrics", others.joined(separator: ", ")))
    }
    if let secondsPerStep {
      var line = Quantity.duration(seconds: secondsPerStep)
      if let full = baselineSecondsPerStep { line += "; full fine-tuning \(Quantity.duration(seconds: full))" }
      facts.append(("time per step", line))
    }
    if let firstLoss, let lastLoss {
      facts.append(
        ("loss", "\(Quantity.fixed(firstLoss, decimals: 4)) to \(Quantity.fixed(lastLoss, decimals: 4))"))
    }
    return facts
  }
}

extension VerificationReport.Check.Result {
  fileprivate var words: String {
    switch self {
    case .passed: "ok"
    case .failed: "FAILED"
    case .notMeasured: "not measured"
    case .skipped: "skipped"
    }
  }

  fileprivate var tone: TextStyle.Tone? {
    switch self {
    case .passed: .good
    case .failed, .notMeasured: .bad
    case .skipped: nil
    }
  }
}
