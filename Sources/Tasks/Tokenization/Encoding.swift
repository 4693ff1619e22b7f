/// One text, or a pair of texts, as the model reads it, special tokens included.
public struct Encoding: Equatable, Sendable {
  /// Token ids, special tokens included, without padding.
  public let ids: [Int32]
  /// Leading tokens of type 0; the rest, a second text and the separator after it, are of type 1.
  public let firstSegmentLength: Int
  /// Whether tokens were dropped to keep to the maximum length.
  public let isTruncated: Bool

  /// The type of every token.
  public var tokenTypeIDs: [Int32] {
    ids.indices.map { $0 < firstSegmentLength ? 0 : 1 }
  }
}

/// How many tokens of a pair remain under the `longest_first` rule.
///
/// As in `tokenizers` (`utils/truncation.rs`): the shorter text stays whole while the longer one can give up
/// enough; otherwise each gets half of the room, and the odd token goes to the longer one.
///
/// - Returns: lengths that sum to at most `room`.
func longestFirstLengths(_ first: Int, _ second: Int, room: Int) -> (first: Int, second: Int) {
  if first + second <= room { return (first, second) }
  let shorter = min(first, second)
  let kept = shorter <= room - shorter ? (shorter, room - shorter) : (room / 2, room - room / 2)
  return first <= second ? kept : (kept.1, kept.0)
}
