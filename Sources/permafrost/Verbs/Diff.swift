import ArgumentParser
import Planning
import Reporting

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Says what changed between two plans, and what it does to bytes, operations and score.",
    discussion:
      "Exits with 0 where both decide the same: model, recipe, tensors and nodes; with 1 where they differ.")

  @Argument(help: "A plan by 'permafrost plan'.")
  var before: String

  @Argument(help: "The plan to compare it with.")
  var after: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    try output.print(PlanDiff(side(before), side(after)))
  }

  private func side(_ path: String) throws -> PlanSide {
    try PlanSide(PlanFile.readPlan(path), path: path)
  }
}
