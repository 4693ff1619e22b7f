import Foundation
import Graph
import Steps
import TrainerModels

/// Steps that were lowered before: recipes come back from search to search, and in a sweep from budget to budget.
///
/// Everything that lowering depends on is part of the key, so that whoever changes a request gets another step. How frozen weights are held is not:
/// it decides layouts, which are made when a selection is known. May be shared between threads.
final class TemplateCache: @unchecked Sendable {
  private struct Key: Hashable {
    let model: EncoderConfiguration
    let recipe: Recipe
    let trainer: TrainerModel
    let options: PyTorchOptions
  }

  private let mostKernels: Int
  private let lock = NSLock()
  private var templates: [Key: StepTemplate] = [:]
  private var kernels = 0

  /// - Parameter mostKernels: how many kernels are kept, of some two kilobytes each. By default those of sixty steps of 24 layers, or of many
  ///   more of small models: all uniform recipes, which are those that come back.
  init(mostKernels: Int = 100_000) { self.mostKernels = mostKernels }

  /// Steps that are kept.
  var count: Int { lock.withLock { templates.count } }

  func template(
    _ graph: EncoderGraph, _ recipe: Recipe, of trainer: TrainerModel, _ options: PyTorchOptions
  ) -> StepTemplate {
    var lowered = recipe
    lowered.frozenWeights = .float32
    let key = Key(model: graph.configuration, recipe: lowered, trainer: trainer, options: options)
    // Two threads may lower the same step; none waits for another.
    let template = lock.withLock { templates[key] } ?? trainer.template(graph, lowered, options)
    lock.withLock {
      guard templates[key] == nil else { return }
      kernels += template.kernels.count
      if kernels > mostKernels { (templates, kernels) = ([:], template.kernels.count) }
      templates[key] = template
    }
    return template.holdingFrozenWeights(as: recipe.frozenWeights)
  }
}
