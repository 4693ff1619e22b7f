import ArgumentParser
import Reporting
import Steps

struct EstimateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimate",
    abstract: "Simulates a training step: its peak and where, its operations, the headroom.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var shape: ShapeOptions
  @OptionGroup var train: TrainOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup var runtime: RuntimeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let profile = try device.profile()
    let plan = try train.plan()
    let model = try model.resolve(like: plan)
    let recipe = try shape.recipe(for: model, on: profile, saving: train.saving, base: plan?.recipe)
    let selection = try train.selection(plan, of: model)
    try output.print(
      EstimateReport(
        model, recipe, selection, train: train.train,
        runtime: runtime.share(on: profile, threads: recipe.threads),
        device: profile, budget: device.budget(on: profile)))
  }
}
