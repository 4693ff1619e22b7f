/// The points worth having where one thing is paid for another.
public enum ParetoFront {
  /// Indices of the points that no other dominates, rising.
  ///
  /// A point dominates another if it costs no more and scores no less, and differs in one of the two; of equal points the first
  /// stands for all.
  ///
  /// - Complexity: O(n log n).
  public static func indices<Cost: Comparable>(of points: [(cost: Cost, score: Double)]) -> [Int] {
    let byCost = points.indices.sorted { one, other in
      let (a, b) = (points[one], points[other])
      if a.cost != b.cost { return a.cost < b.cost }
      return a.score == b.score ? one < other : a.score > b.score
    }
    var front: [Int] = []
    for index in byCost where front.last.map({ points[index].score > points[$0].score }) ?? true {
      front.append(index)
    }
    return front.sorted()
  }
}
