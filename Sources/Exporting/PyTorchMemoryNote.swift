import Planning
import Steps
import TrainerModels
import Units

extension PyTorchExporter {
  /// What a module says of memory: what the plan's prediction is worth in PyTorch.
  static func memoryNote(_ plan: Plan) -> String {
    guard plan.trainer == .permafrost else { return suppositions(plan) }
    return """
      The plan's predicted_peak_bytes is exact for permafrost's own engine and is not a prediction for PyTorch, which
      needs more for the same step:
        - its own libraries, some hundreds of MB before the first tensor;
        - the gradients of all trained tensors at once, where the engine updates each as soon as its gradient is known;
        - all weights in memory, where the engine maps the frozen ones from the file;
        - dropout masks and intermediate results that the engine computes again;
        - the optimizer's temporaries: as large as the largest trained tensor, or, where PyTorch's default is foreach (on a
          GPU), as all of them together; fused=True avoids both where it is available.
      Measure the peak before relying on it. To train within the predicted bytes, use 'permafrost train'.
      """
  }

  /// For a plan that was made for PyTorch: what the prediction supposes.
  private static func suppositions(_ plan: Plan) -> String {
    let options = plan.trainerOptions ?? PyTorchOptions()
    var lines = [
      "The plan was made for eager PyTorch (\(plan.trainer.rawValue)): predicted_peak_bytes, tensors and what",
      "the allocator holds beside them, and the process's own \(Quantity.count(plan.runtimeBytes)) bytes keep within budget_bytes, if",
      "  - a batch is cut into PLAN[\"accumulation\"] micro-batches, and sequences have PLAN[\"sequence\"] tokens at most;",
      "  - attention is '\(options.attention.rawValue)' (attn_implementation), and the optimizer is the one above;",
      "  - gradients are let go: optimizer.zero_grad(set_to_none=True), the default.",
    ]
    if options.precision == .bfloat16 {
      lines.insert("  - the model is in bfloat16: model.to(torch.bfloat16);", at: 2)
    }
    if plan.recipe.saving != .keep {
      lines.insert("  - plan.recompute_layers(model) is called after apply_plan;", at: 2)
    }
    return lines.joined(separator: "\n")
  }

  /// How `torch.optim` goes through tensors, where the plan's prediction supposes one way: the end of a constructor's arguments.
  static func updateLoop(_ plan: Plan) -> String {
    switch plan.trainerOptions?.updateLoop {
    case nil: ""
    case .forLoop: ", foreach=False"
    case .foreach: ", foreach=True"
    case .fused: ", fused=True"
    }
  }
}
