import ArgumentParser
import Checkpoints
import Planning
import Reporting

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Says, without training, whether a plan is still valid for a model and a device.",
    discussion: "Exits with 1 where a check failed.")

  @Argument(help: "A plan by 'permafrost plan'.")
  var plan: String

  @Option(help: "The model to use it for; by default the shape that the plan records.")
  var model: String?

  @OptionGroup var device: DeviceOptions
  @OptionGroup var runtime: RuntimeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let plan = try PlanFile.readPlan(plan)
    let model = try model.map { try ModelSource.resolve($0, problem: plan.model.configuration.problem) }
    let profile = try device.profile()
    let check = try PlanCheck(
      plan, path: self.plan, model: model, device: profile, budget: device.budget(on: profile)
    ) { try runtime.share(on: profile, threads: $0, isPlanned: false) }
    try output.print(check)
  }
}
