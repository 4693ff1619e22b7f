import Graph
import Steps
import TrainerModels

/// JAX with optax: a Python file for parameters in a flat dictionary under their checkpoint names, as
/// `safetensors.flax.load_file` gives them; what trains in part is split into two leaves.
struct Optax: ExportTarget {
  let name = "optax"
  let trainer = "optax 0.2.8"
  let matching = "names of leaves in full"
  let check = CheckScript.names
  let memoryModel: TrainerModel? = nil
  /// Any optimizer of optax, which has none with a blockwise 8-bit state.
  let recipe = ExpressibleRecipe(
    optimizers: Optimizer.allCases.filter { $0 != .adamw8bit }, recomputation: .none)

  var splitting: NodeSplitting? { .tensors }

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "JAX"),
      "Frozen leaves get no optimizer state only if the optimizer never sees them: partition with set_to_zero, or the split "
        + "that this file makes. chain(adam, freeze) keeps state for all, and masked alone passes raw gradients through.",
      "jax.grad computes gradients of all that it differentiates by: differentiate by the first of split's two "
        + "dictionaries only.",
      "Where nodes are split, the gradient of the whole matrix exists for a moment inside the backward of merge.",
    ] + Notes.keepsAll(job) + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let text = Text.filled(
      PackageResources.optax_py,
      [
        "HEADER": try Text.header(job, self), "TRAINABLE": Python.list(job.trainedNames),
        "SPLIT": job.splitTable(self), "LEARNERS": job.learnerTable, "BATCH": String(job.recipe.microBatch),
        "ACCUMULATION": String(job.recipe.accumulation),
      ])
    return [ExportedFile(name: "optax_plan.py", text: text)]
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    .exactly(Python.strings(assignedTo: "TRAINABLE", in: files[0].text))
  }
}

extension ExportJob {
  /// By tensor that trains in part: the axis along which its nodes lie, and its layer.
  func splitTable(_ target: any ExportTarget) -> String {
    let nodes = graph.configuration.feedForwardSize
    let entries: [String] = graph.parameters.compactMap { parameter in
      guard let axis = parameter.nodeAxis, let layer = graph.groups[parameter.group].layer,
        (1..<nodes).contains(selection.retained[layer]), let name = target.tensorName(parameter, graph)
      else { return nil }
      return "    \(Python.literal(name)): (\(axis), \(layer)),\n"
    }
    return entries.isEmpty ? "{}" : "{\n" + entries.joined() + "}"
  }

  /// By layer that trains in part: its nodes that train.
  var learnerTable: String {
    let nodes = graph.configuration.feedForwardSize
    let entries = selection.retained.indices.filter { (1..<nodes).contains(selection.retained[$0]) }.map {
      layer in
      "    \(layer): " + Python.list(rising: plan.learnerNodes[layer].sorted(), indentation: "        ") + ",\n"
    }
    return entries.isEmpty ? "{}" : "{\n" + entries.joined() + "}"
  }
}
