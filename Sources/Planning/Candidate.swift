import Optimization
import Simulation
import Steps

/// How sure a search is, and what it took.
struct Certificate: Sendable {
  /// No choice of the space that fits captures a larger share of the score.
  var bound = 1.0
  /// Why the search ended; a search that gets no time at all ends so.
  var ending = Certificate.timeLimit
  /// Why proposals were refused that kept all rows, so that less was asked for than there is; nil where none was.
  var refusal: String?
  /// What the solver said last; nil where it was not asked.
  var raw: RawStatus?
  static let timeLimit = "time limit"
  static let interrupted = "interrupted"
  static let misplaced = "better proposals not placed"
  static let tooSlow = "better proposals too slow"
  static let roundLimit = "round limit"
  var nodes = 0
  var rounds = 0

  /// Adds what an earlier search of the same recipe took and bounded, where this one went on.
  mutating func goOn(from earlier: Certificate) {
    bound = min(bound, earlier.bound)
    nodes += earlier.nodes
    rounds += earlier.rounds
  }
}

/// The best selection found under one recipe.
struct Candidate: Sendable {
  let space: DecisionSpace
  let template: StepTemplate
  let chosen: [Int?]
  let program: StepProgram
  var certificate: Certificate
  /// The last program solved; nil where none was.
  var model: LinearModel?

  /// Share of the score captured.
  var objective: Double { space.share(chosen) }
}

extension Termination {
  /// Why a search ended, as plan files say it.
  var words: String {
    switch self {
    case .optimal: "optimal"
    case .gapReached: "gap reached"
    case .nodeLimit: "node limit"
    case .timeLimit: Certificate.timeLimit
    case .cancelled: Certificate.interrupted
    case .infeasible: Certificate.misplaced
    case .numericalTrouble(let trouble): "numerical trouble: \(trouble)"
    }
  }
}
