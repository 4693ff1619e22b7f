import TestSupport
import Testing

@testable import Planning

@Suite("The Pareto front")
struct ParetoFrontTests {
  @Test("holds what nothing else beats, and the first of equals")
  func handMade() {
    func front(_ points: [(Int, Double)]) -> [Int] { ParetoFront.indices(of: points.map { ($0, $1) }) }
    #expect(front([]).isEmpty)
    #expect(front([(5, 0.5)]) == [0])
    #expect(front([(1, 0.1), (2, 0.2), (3, 0.3)]) == [0, 1, 2])
    #expect(front([(3, 0.1), (2, 0.2), (1, 0.3)]) == [2])
    #expect(front([(1, 0.2), (2, 0.2), (3, 0.1), (4, 0.9)]) == [0, 3])
    #expect(front([(1, 0.2), (1, 0.4), (1, 0.3)]) == [1])
    #expect(front([(2, 0.5), (1, 0), (2, 0.5)]) == [0, 1])
  }

  @Test("is what brute force finds", arguments: 0..<200)
  func bruteForce(seed: Int) {
    var generator = SeededGenerator(seed: seed)
    // Few distinct values, so that many tie.
    let points = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
      (Int.random(in: 0...12, using: &generator), Double(Int.random(in: 0...8, using: &generator)) / 8)
    }
    let expected = points.indices.filter { index in
      let (cost, score) = points[index]
      return !points.indices.contains { other in
        let (otherCost, otherScore) = points[other]
        guard otherCost <= cost, otherScore >= score else { return false }
        return otherCost < cost || otherScore > score || other < index
      }
    }
    #expect(ParetoFront.indices(of: points.map { ($0.0, $0.1) }) == expected, "seed \(seed)")
  }
}

@Suite("The spread of budgets")
struct BudgetSpreadTests {
  @Test("rises in equal ratios between exact ends, in whole MiB where those keep it apart")
  func ratios() {
    let mebibyte = 1 << 20
    #expect(
      BudgetSpread.geometric(from: 64 * mebibyte, to: 1024 * mebibyte, count: 5)
        == [64, 128, 256, 512, 1024].map { $0 * mebibyte })
    #expect(
      BudgetSpread.geometric(from: 100_000_001, to: 400_000_001, count: 3) == [
        100_000_001, 191 << 20, 400_000_001,
      ])
    #expect(BudgetSpread.geometric(from: 1 << 20, to: 4 << 20, count: 5).count == 5)
  }

  @Test("stays within its ends, for any of them", arguments: 0..<200)
  func random(seed: Int) {
    var generator = SeededGenerator(seed: seed)
    let bits = Int.random(in: 0...62, using: &generator)
    let low = Int.random(in: 0...(1 << bits), using: &generator)
    let high = generator.pick([low, low + 1, Int.max, Int.random(in: low...Int.max, using: &generator)])
    let count = Int.random(in: 1...40, using: &generator)
    let budgets = BudgetSpread.geometric(from: low, to: high, count: count)
    let isWide = high / 1000 > max(low, 1)
    #expect(budgets.last == high && (count == 1 || budgets.first == low), "seed \(seed)")
    #expect(zip(budgets, budgets.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed)")
    #expect(budgets.count <= count && (!isWide || low < 1024 || budgets.count == count), "seed \(seed)")
  }
}
