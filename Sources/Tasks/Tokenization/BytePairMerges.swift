/// Which pairs of tokens are merged into one, and in what order (Sennrich et al., arXiv 1508.07909).
struct BytePairMerges: Sendable {
  private struct Rule {
    /// Lower ranks are merged first.
    let rank: Int32
    let token: Int32
  }

  /// By the pair's ids, the left one in the upper half.
  private var rules: [UInt64: Rule] = [:]

  /// Makes the next rule, ranked after all before it; of a pair given twice the last rank counts.
  mutating func append(_ left: Int32, _ right: Int32, into token: Int32) {
    rules[Self.key(left, right)] = Rule(rank: count, token: token)
    count += 1
  }

  private var count: Int32 = 0

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// A token of a word while its neighbours merge.
  struct Symbol {
    var token: Int32
    /// Where its bytes start.
    let start: Int
    /// The neighbours' indices; before the first is −1, after the last their number.
    var previous: Int
    var next: Int
    var isAlive = true
  }

  /// Merges until no pair has a rule: the lowest rank first, of equal ones the leftmost.
  ///
  /// A pair that came to be after its place was queued is told by the token it makes, as in `tokenizers`
  /// (`models/bpe/word.rs`).
  func merge(_ symbols: inout [Symbol]) {
    var queue = Heap()
    for index in symbols.indices { enqueue(index, symbols, &queue) }
    while let candidate = queue.popFirst() {
      let left = candidate.index
      let right = symbols[left].next
      guard symbols[left].isAlive, right < symbols.count,
        rules[Self.key(symbols[left].token, symbols[right].token)]?.token == candidate.token
      else { continue }
      symbols[left].token = candidate.token
      symbols[left].next = symbols[right].next
      symbols[right].isAlive = false
      if symbols[right].next < symbols.count { symbols[symbols[right].next].previous = left }
      if symbols[left].previous >= 0 { enqueue(symbols[left].previous, symbols, &queue) }
      enqueue(left, symbols, &queue)
    }
  }

  private func enqueue(_ index: Int, _ symbols: [Symbol], _ queue: inout Heap) {
    let next = symbols[index].next
    guard next < symbols.count, let rule = rules[Self.key(symbols[index].token, symbols[next].token)] else {
      return
    }
    queue.insert(Candidate(rank: rule.rank, index: index, token: rule.token))
  }
}

/// A pair that may be merged: where its left token is, and what becomes of it.
private struct Candidate {
  let rank: Int32
  let index: Int
  let token: Int32

  static func < (a: Candidate, b: Candidate) -> Bool { (a.rank, a.index) < (b.rank, b.index) }
}

/// A binary heap: the first candidate out is the least.
private struct Heap {
  private var elements: [Candidate] = []

  mutating func insert(_ element: Candidate) {
    elements.append(element)
    var index = elements.count - 1
    while index > 0, elements[index] < elements[(index - 1) / 2] {
      elements.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func popFirst() -> Candidate? {
    guard let last = elements.popLast() else { return nil }
    guard let first = elements.first else { return last }
    elements[0] = last
    var index = 0
    while 2 * index + 1 < elements.count {
      let (left, right) = (2 * index + 1, 2 * index + 2)
      let least = right < elements.count && elements[right] < elements[left] ? right : left
      guard elements[least] < elements[index] else { break }
      elements.swapAt(least, index)
      index = least
    }
    return first
  }
}
