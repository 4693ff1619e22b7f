import ArgumentParser
import Exporting
import Files
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
    // Which of the two it is depends on the trainer.
    let isFolder = try FileStatus(out, for: .create)?.kind == .directory
    try check([CommandOutput("-o", out, isFolder ? .folder : .file)])
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
      let files = try write(export.files)
      try output.print(ExportReport(export, files, asked: plan, differences: [], nearest: nil))
    case .inexpressible(let differences, let nearest?) where closest:
      guard case .exact(let export) = try Export.make(nearest.plan, for: target, producer: producer) else {
        throw ExportError.unproven(target: target.name, reason: "the nearest plan is not expressible either")
      }
      let files = try write(export.filesWithPlan())
      try output.print(ExportReport(export, files, asked: plan, differences: differences, nearest: nearest))
    case .inexpressible(let differences, let nearest):
      try output.print(InexpressibleReport(target, plan, differences, nearest))
    }
  }

  private func check(_ outputs: [CommandOutput?]) throws {
    try CommandFiles(reads: [.file("the plan", plan)], writes: outputs).check()
  }

  /// Writes all files or none, and never the plan that is exported.
  ///
  /// - Returns: their paths.
  private func write(_ files: [ExportedFile]) throws -> [String] {
    let paths = try ExportFile.paths(of: files, at: out)
    let folder = paths.contains(out) ? nil : CommandOutput("-o", out, .folder)
    try check([folder] + paths.map { CommandOutput("-o", $0) })
    return try Interruption.held { try ExportFile.write(files, to: out) }
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
