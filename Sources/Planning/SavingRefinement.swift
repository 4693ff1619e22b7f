import Simulation
import Steps

/// The quickest saving policies, layer by layer, under which a selection still fits.
///
/// What can be trained is decided under the few policies that are searched; which layers need to give up what is decided here. What lower layers
/// keep lives longest: it is there while every layer above them runs backward. So lower layers give up more: layers recompute up to some depth, are cheap
/// up to another, and keep everything above. Depths are found by bisection, as more of a leaner policy needs fewer bytes.
struct SavingRefinement {
  let request: PlanRequest
  /// What was found to fit, under a policy that was searched.
  let given: StepProgram

  private var recipe: Recipe { given.training.recipe }
  private var layers: Int { request.graph.configuration.layerCount }

  /// The recipe found, which is the given one where nothing quicker fits.
  func run() -> Recipe {
    let recomputes = recipe.saving.policies.contains(.recompute)
    guard recomputes || recipe.saving == .cheap else { return recipe }
    var best = (program: given, preference: Preference(given, for: request))
    func consider(_ depths: (recompute: Int, cheap: Int)) {
      guard let program = fitting(depths) else { return }
      let preference = Preference(program, for: request)
      if preference < best.preference { best = (program, preference) }
    }
    if recomputes {
      // Without cheap layers more recompute, but those above cost nothing again.
      if let depth = least({ fitting((recompute: $0, cheap: 0)) != nil }) { consider((depth, 0)) }
    }
    guard request.trainer.savingPolicies.contains(.cheap) else { return best.program.training.recipe }
    let recomputed = recomputes ? least { fitting((recompute: $0, cheap: layers - $0)) != nil } : 0
    if let recomputed {
      let above = layers - recomputed
      let cheap = least { fitting((recompute: recomputed, cheap: min($0, above))) != nil }
      if let cheap { consider((recomputed, min(cheap, above))) }
    }
    return best.program.training.recipe
  }

  /// The least depth for which a condition holds that holds for all greater ones, or nil.
  private func least(_ holds: (Int) -> Bool) -> Int? {
    var (low, high) = (0, layers + 1)
    while low < high {
      let middle = (low + high) / 2
      if middle > layers || holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low <= layers ? low : nil
  }

  private func fitting(_ depths: (recompute: Int, cheap: Int)) -> StepProgram? {
    var staged = recipe
    staged.saving = Saving.staged(recompute: depths.recompute, cheap: depths.cheap, of: layers)
    // What the first layer's policy says of the embeddings may have made the selection fit.
    if depths.recompute > 0, recipe.saving[0] == .cheap {
      staged.saving = staged.saving.replacing(0, by: .cheap, of: layers)
    }
    guard request.allows(staged) else { return nil }
    let template = request.template(staged)
    return request.accepted(TrainingStep(unplaced: template, given.training.selection), of: template)
  }
}

extension Saving {
  /// The lowest layers recompute, the next are cheap, the others keep.
  static func staged(recompute: Int, cheap: Int, of layers: Int) -> Saving {
    Saving(
      layers: Array(repeating: .recompute, count: recompute) + Array(repeating: .cheap, count: cheap)
        + Array(repeating: .keep, count: layers - recompute - cheap))
  }

  /// The same with another policy in one layer.
  func replacing(_ layer: Int, by policy: SavingPolicy, of layers: Int) -> Saving {
    Saving(layers: (0..<layers).map { $0 == layer ? policy : self[$0] })
  }
}
