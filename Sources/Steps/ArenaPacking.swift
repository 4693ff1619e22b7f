/// Offsets for buffers of known size and lifetime, so that no two that live at the same time overlap.
///
/// Finding the smallest arena is NP-hard (dynamic storage allocation; Garey and Johnson, SR2). Buffers are placed greedily,
/// each at the lowest address that is free during its whole life, in several orders; the tightest result wins, and
/// buffers that stick out at the top are tried earlier until the lower bound is met or the effort is spent.
public struct ArenaPacking: Sendable {
  public struct Item: Sendable {
    public let bytes: Int
    public let lifetime: ClosedRange<Int>

    public init(bytes: Int, lifetime: ClosedRange<Int>) {
      self.bytes = bytes
      self.lifetime = lifetime
    }
  }

  /// One offset an item, in the items' order.
  public private(set) var offsets: [Int]
  /// Bytes of the arena.
  public private(set) var size: Int
  /// The most bytes alive at any moment, below which no packing can go.
  public let lowerBound: Int

  /// Rounds of moving what sticks out; each costs one greedy pass.
  private static let improvementRounds = 40
  /// Rounds in a row that may be no better than the best: by lifetime, the lower bound is often met after two or three that are worse.
  private static let patience = 6

  public init(_ items: [Item]) {
    lowerBound = Self.largestLiveSum(items)
    offsets = Array(repeating: 0, count: items.count)
    size = Int.max
    func span(_ index: Int) -> Int { items[index].lifetime.count }
    // By size, one pass nearly always meets the lower bound, and further ones hardly ever do.
    let keys: [(patience: Int, (Int) -> (Int, Int))] = [
      (1, { (items[$0].bytes, span($0)) }),
      (Self.patience, { (span($0), items[$0].bytes) }),
      (Self.patience, { (items[$0].bytes * span($0), items[$0].bytes) }),
    ]
    for (patience, key) in keys where size > lowerBound {
      // Ties fall back to the position, so that the order never depends on the sort.
      var order = items.indices.sorted { first, second in
        let (a, b) = (key(first), key(second))
        return a == b ? first < second : a > b
      }
      var (best, rest) = (Int.max, patience)
      for _ in 0..<Self.improvementRounds {
        let (placed, top) = Self.place(items, in: order)
        if top < size { (offsets, size) = (placed, top) }
        rest = top < best ? patience : rest - 1
        guard size > lowerBound, rest > 0 else { break }
        best = min(best, top)
        let sticking = order.filter { placed[$0] + items[$0].bytes > lowerBound }
        order = sticking + order.filter { placed[$0] + items[$0].bytes <= lowerBound }
      }
    }
    if items.isEmpty { size = 0 }
  }

  /// What is placed already; side by side in memory, as the walk over them is most of the work.
  private struct Placed {
    let lifetime: ClosedRange<Int>
    let offset: Int
    let end: Int
  }

  /// Places items one after another, each in the tightest gap that fits among those alive with it.
  private static func place(_ items: [Item], in order: [Int]) -> (offsets: [Int], top: Int) {
    var offsets = Array(repeating: 0, count: items.count)
    // By address, so that gaps are found in one walk.
    var placed: [Placed] = []
    placed.reserveCapacity(items.count)
    var top = 0
    for index in order {
      let item = items[index]
      var (cursor, best, bestGap) = (0, -1, Int.max)
      for other in placed where other.lifetime.overlaps(item.lifetime) {
        let gap = other.offset - cursor
        if gap >= item.bytes && gap < bestGap { (best, bestGap) = (cursor, gap) }
        cursor = max(cursor, other.end)
      }
      let offset = best >= 0 ? best : cursor
      offsets[index] = offset
      top = max(top, offset + item.bytes)
      let position = placed.firstIndex { $0.offset > offset } ?? placed.endIndex
      placed.insert(Placed(lifetime: item.lifetime, offset: offset, end: offset + item.bytes), at: position)
    }
    return (offsets, top)
  }

  private static func largestLiveSum(_ items: [Item]) -> Int {
    var change: [Int: Int] = [:]
    for item in items {
      change[item.lifetime.lowerBound, default: 0] += item.bytes
      change[item.lifetime.upperBound + 1, default: 0] -= item.bytes
    }
    var (live, peak) = (0, 0)
    for time in change.keys.sorted() {
      live += change[time] ?? 0
      peak = max(peak, live)
    }
    return peak
  }
}
