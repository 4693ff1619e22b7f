import ArgumentParser
import Exporting
import Planning
import Reporting
import Units

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes a plan down as a file that another trainer carries out.",
    discussion: "The predicted bytes hold for this program's engine only, not for the other trainer.")

  @Argument(help: "A plan by 'permafrost plan'.")
  var plan: String

  @Option(
    help: ArgumentHelp(
      "The trainer: \(ExportTarget.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "trainer"))
  var to: String

  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write it.", valueName: "file"))
  var out: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    let target = try ExportTarget(named: to)
    try OutputFile.check(out)
    let plan = try PlanFile.readPlan(plan)
    let text = try target.exporter(producer: "permafrost \(Permafrost.configuration.version)").export(plan)
    try Interruption.held { try ExportFile.write(text, to: out) }
    try output.print(
      ExportReport(
        target: target.rawValue, file: out, model: plan.model.name, trainable: plan.trainable,
        retainedNodes: plan.retainedNodes, trainableParameters: plan.trainableParameters))
  }
}

/// What was written, and what it trains.
private struct ExportReport: Report {
  let target: String
  let file: String
  let model: String
  let trainable: [String]
  let retainedNodes: [Int]
  let trainableParameters: Int

  func text(_ style: TextStyle) -> String {
    style.paragraph(
      "\(file): trains \(Quantity.count(trainableParameters)) parameters of \(model) with \(target).")
      + style.paragraph("Its first lines say how to use it.", tone: .quiet)
  }
}
