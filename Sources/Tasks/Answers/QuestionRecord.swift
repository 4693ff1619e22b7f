/// What turning logits into a question's answer, and judging it, needs to know: no tokenizer.
struct QuestionRecord: Codable, Equatable {
  let id: String
  let context: String
  /// The answers that people gave; none where there is none.
  let answers: [String]
  /// Position of the paragraph's first token in every window's sequence.
  let contextStart: Int
  /// UTF-8 offsets of the paragraph's tokens: start and end of each in turn.
  let offsets: [Int]
  /// By window, the paragraph's first token in it and the one behind its last, in turn.
  let bounds: [Int]

  var windowCount: Int { bounds.count / 2 }

  /// Where the paragraph stands in a window's sequence.
  func positions(inWindow window: Int) -> Range<Int> {
    contextStart..<contextStart + bounds[2 * window + 1] - bounds[2 * window]
  }

  /// The paragraph from one position of a window's sequence through another, not before it; both within `positions`.
  func text(from first: Int, through last: Int, window: Int) -> String {
    let shift = bounds[2 * window] - contextStart
    let range =
      offsets[2 * (first + shift)]..<max(offsets[2 * (first + shift)], offsets[2 * (last + shift) + 1])
    let utf8 = context.utf8
    let lower = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
    return String(decoding: utf8[lower..<utf8.index(lower, offsetBy: range.count)], as: UTF8.self)
  }

  /// Whether every offset and bound keeps to its range.
  var isValid: Bool {
    func areRanges(_ numbers: [Int], upTo limit: Int) -> Bool {
      numbers.count.isMultiple(of: 2) && numbers.allSatisfy { (0...limit).contains($0) }
        && stride(from: 0, to: numbers.count, by: 2).allSatisfy { numbers[$0] <= numbers[$0 + 1] }
    }
    return (1...1 << 30).contains(contextStart) && !bounds.isEmpty
      && areRanges(offsets, upTo: context.utf8.count)
      && areRanges(bounds, upTo: offsets.count / 2)
  }
}
