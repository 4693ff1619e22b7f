import Foundation
import Optimization

/// What a quicker step is worth in score.
///
/// The recipe that captures most may be far slower than one that captures nearly as much: a batch cut into single sequences, or layers computed twice. So
/// what was found is compared once more, time counted: a step of half the time is worth ``PlanRequest/halfTimeWorth`` of the score.
extension Planner {
  /// Gains in time below this are not looked for.
  private static let leastGain = 1.1

  /// The plan to prefer to the one that captures most, or that one.
  ///
  /// Searches that were ended for want of promise go on, down to what their recipe's time is worth. The findings are given what they add.
  func quicker(
    than most: Candidate, _ findings: inout Findings, _ deadline: ContinuousClock.Instant?
  ) throws -> Candidate {
    guard request.halfTimeWorth > 0 else { return most }
    let slow = seconds(of: most)
    /// By how much less may be captured in so many seconds.
    func allowance(_ seconds: Double) -> Double { 1 + request.halfTimeWorth * log2(slow / seconds) }
    var best = (candidate: most, value: most.objective)
    for (index, candidate) in findings.candidates.enumerated() where !request.isCancelled {
      let seconds = request.ordinarySeconds(candidate.template.recipe, most.program.training.selection)
      guard slow / seconds >= Self.leastGain else { continue }
      let least = best.value / allowance(seconds)
      guard candidate.certificate.bound > least else { continue }
      var found = candidate
      if found.objective < least {
        found = try resumed(candidate, floor: least, deadline)
        findings.candidates[index] = found
      }
      let value = found.objective * allowance(self.seconds(of: found))
      if value > best.value { best = (found, value) }
    }
    return best.candidate
  }

  private func seconds(of candidate: Candidate) -> Double {
    request.ordinarySeconds(candidate.template.recipe, candidate.program.training.selection)
  }

  /// A search that goes on down to a lower share of the score.
  private func resumed(
    _ candidate: Candidate, floor: Double, _ deadline: ContinuousClock.Instant?
  ) throws -> Candidate {
    let search = RecipeSearch(
      request: continued, space: candidate.space, template: candidate.template, solver: solver,
      deadline: deadline,
      known: [candidate.chosen], floor: floor)
    guard case .found(var found) = try search.run() else { return candidate }
    found.certificate.goOn(from: candidate.certificate)
    return found
  }
}
