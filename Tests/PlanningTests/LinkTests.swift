import TestSupport
import Testing

@testable import Planning

@Suite("Links between choices")
struct LinkTests {
  private static let options = 3

  /// Every choice of 4 groups, -1 for none.
  private static let all = (0..<256).map { number in (0..<4).map { (number >> (2 * $0)) & 3 }.map { $0 - 1 } }

  @Test(
    "raising gives the least choice above, lowering the greatest below, of all that keep them",
    arguments: 0..<60)
  func extremes(seed: Int) {
    var generator = SeededGenerator(seed: seed)
    let links = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
      DecisionLink(
        group: Int.random(in: 0..<4, using: &generator),
        option: Int.random(in: 0..<Self.options, using: &generator),
        needed: Int.random(in: 0..<4, using: &generator),
        neededOption: Int.random(in: 0..<Self.options, using: &generator))
    }
    let kept = Self.all.filter { chosen in links.allSatisfy { $0.holds(chosen) } }
    for chosen in Self.all {
      let above = kept.filter { zip($0, chosen).allSatisfy { $0 >= $1 } }
      let below = kept.filter { zip($0, chosen).allSatisfy { $0 <= $1 } }
      #expect(links.raised(chosen) == extreme(above, min), "seed \(seed): \(chosen)")
      #expect(links.lowered(chosen) == extreme(below, max), "seed \(seed): \(chosen)")
    }
  }

  /// In every place the least or the greatest of these choices.
  private func extreme(_ choices: [[Int]], _ best: (Int, Int) -> Int) -> [Int] {
    choices.dropFirst().reduce(choices.first ?? []) { zip($0, $1).map { best($0, $1) } }
  }
}
