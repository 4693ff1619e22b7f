extension Plan {
  /// How far from each other numbers may be that are the same but for rounding.
  private static let rounding = 1e-9

  /// What is not proven of an objective, as a share of the bound.
  static func gap(_ objective: Double, _ bound: Double) -> Double {
    bound > objective ? (bound - objective) / bound : 0
  }

  /// What the plan claims of its score and its own figures do not bear out, as the end of a sentence, or nil.
  public var brokenCertificate: String? {
    let shares = 0...1 + Self.rounding
    guard shares.contains(objective), shares.contains(bound), shares.contains(gap) else {
      return "objective \(objective), bound \(bound) and gap \(gap) are not all shares from 0 to 1"
    }
    if objective > bound * (1 + Self.rounding) {
      return "the objective \(objective) is more than the bound \(bound), the most there is"
    }
    let left = Self.gap(objective, bound)
    if abs(gap - left) > Self.rounding {
      return "the objective \(objective) and the bound \(bound) leave a gap of \(left), not \(gap)"
    }
    let most: Double? =
      switch status {
      case .optimal: Planner.proofTolerance
      case .withinGap: PlanRequest.searchedGap
      case .quicker, .notProven, .given: nil
      }
    if let most, gap > most + Self.rounding {
      return "the status '\(status.rawValue)' allows a gap of \(most), not \(gap)"
    }
    return nil
  }
}
