import ArgumentParser
import Exporting
import Foundation
import Planning
import Reporting
import Units

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes a plan down as files that another trainer carries out.",
    discussion: """
      What is written is proved first: the trainer's own way of matching, applied to the written text and all tensors of \
      the model, has to give exactly what the plan trains. Where the trainer cannot, nothing is written, the difference \
      is printed, and the command exits with 1.

      The predicted bytes hold for the trainer that the plan was made for: this program's engine, or PyTorch after 'plan --trainer pytorch'.
      """)

  @Argument(help: "A plan by 'permafrost plan'.")
  var plan: String

  @Option(
    help: ArgumentHelp(
      "The trainer: \(ExportTargets.names.joined(separator: ", ")); by default the one that the plan was made --for.",
      valueName: "trainer"))
  var to: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "A folder to write into, or the main file, with the others beside it.", valueName: "file or folder"))
  var out: String

  @Flag(help: "Where the trainer cannot carry the plan out, write the nearest plan that it can and that fits.")
  var closest = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    var target = try to.map { try ExportTargets.named($0) }
    var isDirectory: ObjCBool = false
    if !FileManager.default.fileExists(atPath: out, isDirectory: &isDirectory) || !isDirectory.boolValue {
      try OutputFile.check(out)
    }
    let plan = try PlanFile.readPlan(plan)
    target = try target ?? reading { try plan.target.map { try ExportTargets.named($0) } }
    guard let target else {
      throw ValidationError(
        "missing '--to', since the plan was made for no trainer; accepted is one of: "
          + ExportTargets.names.joined(separator: ", "))
    }
    let producer = "permafrost \(Permafrost.configuration.version)"
    switch try reading({ try Export.make(plan, for: target, producer: producer) }) {
    case .exact(let export):
      let files = try Interruption.held { try ExportFile.write(export.files, to: out) }
      try output.print(ExportReport(export, files, asked: plan, differences: [], nearest: nil))
    case .inexpressible(let differences, let nearest?) where closest:
      guard case .exact(let export) = try Export.make(nearest.plan, for: target, producer: producer) else {
        throw ExportError.unproven(target: target.name, reason: "the nearest plan is not expressible either")
      }
      let written = try export.filesWithPlan()
      let files = try Interruption.held { try ExportFile.write(written, to: out) }
      try output.print(ExportReport(export, files, asked: plan, differences: differences, nearest: nearest))
    case .inexpressible(let differences, let nearest):
      try output.print(InexpressibleReport(target, plan, differences, nearest))
    }
  }

  /// Names the plan's file where what it says is wrong.
  private func reading<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as any UserFacingError where [.malformedInput, .usage].contains(error.exitStatus) {
      throw PlanError.unusable(path: plan, reason: "\(error)")
    }
  }
}
