import Optimization
import Steps

/// Saving layer by layer, where there are too many layers for every assignment of policies to be searched: from what was found, under policies that
/// differ between layers.
extension Planner {
  /// Of the nodes of a search, the part for one that starts from another's answer.
  private static let continuedNodeShare = 10

  /// What captures more with the embeddings' output brought back, as a cheap first layer does, instead of saved for recomputing that layer.
  ///
  /// It makes room above the first layer and takes some in it, so what it is worth only a search tells.
  func leaner(
    than candidate: Candidate, besides findings: Findings, _ deadline: ContinuousClock.Instant?
  ) throws -> Candidate? {
    var recipe = candidate.template.recipe
    guard request.refinesSaving, recipe.saving[0] == .recompute, candidate.objective < candidate.space.mostShare
    else { return nil }
    recipe.saving = recipe.saving.replacing(0, by: .cheap, of: request.graph.configuration.layerCount)
    guard request.trainer.savingPolicies.contains(.cheap), request.allows(recipe) else { return nil }
    return try best(under: recipe, from: candidate, besides: findings, deadline) {
      $0.objective > candidate.objective
    }
  }

  /// The best under the quickest saving policy, layer by layer, with which a candidate still fits; nil where its own is as quick.
  ///
  /// A mixed policy may need fewer bytes as well. So it is searched as other recipes are, and the bound holds for it, too.
  func staged(
    _ candidate: Candidate, besides findings: Findings, _ deadline: ContinuousClock.Instant?
  ) throws -> Candidate? {
    guard request.refinesSaving else { return nil }
    let recipe = SavingRefinement(request: request, given: candidate.program).run()
    guard recipe != candidate.program.training.recipe else { return nil }
    return try best(under: recipe, from: candidate, besides: findings, deadline) {
      // One whose time is over before anything is solved would only take the bound away.
      $0.objective >= candidate.objective
        && ($0.certificate.rounds > 0 || $0.objective >= candidate.space.mostShare)
    }
  }

  /// What a search under another recipe finds that starts from a candidate, with a tenth of the nodes; nil where it is not of use.
  private func best(
    under recipe: Recipe, from candidate: Candidate, besides findings: Findings,
    _ deadline: ContinuousClock.Instant?, isOfUse: (Candidate) -> Bool
  ) throws -> Candidate? {
    var search = RecipeSearch(
      request: continued, space: candidate.space, template: request.template(recipe), solver: solver,
      deadline: deadline, known: [candidate.chosen], floor: floor(below: candidate.objective))
    guard case .found(let short) = try search.run(), isOfUse(short) else { return nil }
    // A proof is worth all nodes, where it was nodes that it wanted.
    guard isProven(candidate.objective, findings.bound), !isProven(short.objective, short.certificate.bound),
      short.certificate.ending == Termination.nodeLimit.words
    else { return short }
    search.request = request
    search.known.append(short.chosen)
    guard case .found(var long) = try search.run() else { return short }
    long.certificate.goOn(from: short.certificate)
    return isOfUse(long) ? long : short
  }

  /// The request for a search that starts from another's answer.
  var continued: PlanRequest {
    var request = request
    request.options.nodeLimit = request.options.nodeLimit.map { max(1, $0 / Self.continuedNodeShare) }
    return request
  }
}
