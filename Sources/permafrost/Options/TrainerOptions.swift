import ArgumentParser
import Planning
import TrainerModels

/// Whose step is meant, and what decides its memory beside the recipe.
struct TrainerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Whose training it is; by default the plan's, where there is one, else permafrost's own.",
      valueName: "trainer"))
  var trainer: TrainerModel?

  @Option(help: ArgumentHelp("How PyTorch's model computes attention (sdpa).", valueName: "kind"))
  var attention: PyTorchOptions.Attention?

  @Option(
    help: ArgumentHelp(
      "How PyTorch's optimizer goes through tensors (for-loop, on CUDA foreach).", valueName: "kind"))
  var updateLoop: PyTorchOptions.UpdateLoop?

  @Option(help: ArgumentHelp("What PyTorch's tensors are held in (f32).", valueName: "format"))
  var precision: PyTorchOptions.Precision?

  func validate() throws {
    guard trainer ?? .permafrost == .permafrost else { return }
    for (name, isGiven) in [
      ("attention", attention != nil), ("update-loop", updateLoop != nil), ("precision", precision != nil),
    ] where isGiven {
      throw ValidationError("'--\(name)' is PyTorch's; it needs '--trainer pytorch' or 'pytorch-cuda'")
    }
  }

  var options: PyTorchOptions {
    PyTorchOptions(
      attention: attention ?? .sdpa, updateLoop: updateLoop, precision: precision ?? .float32)
  }

  /// The trainer that is named, else the plan's, and what decides its memory.
  func choice(for plan: Plan? = nil) -> (trainer: TrainerModel, options: PyTorchOptions) {
    if let trainer { return (trainer, options) }
    return (plan?.trainer ?? .permafrost, plan?.trainerOptions ?? options)
  }
}

extension TrainerModel: ExpressibleByArgument {}
extension PyTorchOptions.Attention: ExpressibleByArgument {}
extension PyTorchOptions.UpdateLoop: ExpressibleByArgument {}
extension PyTorchOptions.Precision: ExpressibleByArgument {}
