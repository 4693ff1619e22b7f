import Optimization
import Simulation
import Steps

/// The search for a trainer whose allocator holds bytes beside the tensors'.
///
/// How many is no function of the decisions that a row could hold; it is known once a step is replayed. So some are assumed, the program is
/// solved for what is left, and its answer is replayed: where that breaks the budget more are assumed, where it leaves
/// room fewer, by secants kept within a bisection.
extension RecipeSearch {
  /// Programs solved, at most, beside the rounds that each takes.
  private static let mostReplays = 8
  /// Of the capacity, room that is not worth another program.
  private static let smallestShare = 256

  func runReplaying() throws -> Outcome {
    if let hopeless = hopeless(step(space.minimal)) { return hopeless }
    var best = candidate(start(), Certificate(), nil)
    var certificate = Certificate()
    var solved: LinearModel?
    let smallest = request.capacity / Self.smallestShare
    var assumed = 0
    // The most that was assumed in vain, and the least that was enough.
    var (vain, enough) = (0, Int.max)
    for round in 0..<Self.mostReplays {
      let answer = try answer(assuming: assumed, known: best.chosen)
      // The least that an allocator can hold beside tensors is nothing, so only the first bound holds.
      if round == 0, let first = answer?.certificate {
        (certificate.bound, certificate.ending, certificate.raw) = (first.bound, first.ending, first.raw)
      }
      certificate.rounds += answer?.certificate.rounds ?? 0
      certificate.nodes += answer?.certificate.nodes ?? 0
      solved = answer?.model ?? solved
      let room = answer.map { request.capacity - request.charged($0.program) } ?? assumed
      if let answer, room >= 0, answer.objective > best.objective { best = answer }
      if certificate.bound <= max(floor, best.objective) || isOver { break }
      if room < 0 { vain = assumed } else { enough = assumed }
      if enough - vain <= smallest || (0...smallest).contains(room) { break }
      assumed -= room
      if assumed <= vain || assumed >= enough { assumed = vain + (enough - vain) / 2 }
    }
    if isOver { certificate.ending = request.isCancelled ? Certificate.interrupted : Certificate.timeLimit }
    certificate.bound = max(certificate.bound, best.objective)
    best.certificate = certificate
    best.model = best.model ?? solved
    return outcome(best)
  }

  /// The answer where an allocator is taken to hold so many bytes; nil where then nothing fits.
  private func answer(assuming excess: Int, known chosen: [Int?]) throws -> Candidate? {
    var search = self
    search.request.assumedExcessBytes = excess
    search.known.append(chosen)
    guard case .found(let candidate) = try search.run() else { return nil }
    return candidate
  }

  private var isOver: Bool { request.isCancelled || deadline.map { $0 <= .now } ?? false }
}
