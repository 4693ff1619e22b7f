/// Tokens that are cut out of a text before any other rule sees it: special tokens, and those added after training.
///
/// Matching is that of `tokenizers` (`added_vocabulary.rs`): the leftmost token, of several the longest.
struct AddedTokens: Sendable {
  struct Token: Sendable {
    let utf8: [UInt8]
    let id: Int32
    /// Whether the white space before it is part of it ("lstrip"), as of RoBERTa's `<mask>`.
    var takesSpaceBefore = false
    /// Whether the white space after it is part of it ("rstrip").
    var takesSpaceAfter = false
  }

  /// Longest first.
  private let tokens: [Token]
  /// Whether a token starts with the byte.
  private var isStart = [Bool](repeating: false, count: 256)

  init(_ tokens: [Token]) {
    self.tokens = tokens.filter { !$0.utf8.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }
    for token in self.tokens { isStart[Int(token.utf8[0])] = true }
  }

  /// Cuts a part of UTF-8 text into tokens and what is between them, in order, without empty pieces.
  ///
  /// - Parameter body: called with the piece and the token's id, nil for plain text.
  func split(
    _ utf8: UnsafeBufferPointer<UInt8>, in part: Range<Int>, _ body: (Range<Int>, Int32?) -> Void
  ) {
    var plainStart = part.lowerBound
    var position = plainStart
    while position < part.upperBound {
      guard isStart[Int(utf8[position])],
        let token = tokens.first(where: { utf8[position..<part.upperBound].starts(with: $0.utf8) })
      else {
        position += 1
        continue
      }
      var (start, end) = (position, position + token.utf8.count)
      if token.takesSpaceBefore { start -= Self.spaceBytes(atEndOf: utf8[plainStart..<start]) }
      if token.takesSpaceAfter { end += Self.spaceBytes(atStartOf: utf8[end..<part.upperBound]) }
      if plainStart < start { body(plainStart..<start, nil) }
      body(start..<end, token.id)
      plainStart = end
      position = end
    }
    if plainStart < part.upperBound { body(plainStart..<part.upperBound, nil) }
  }

  private static func spaceBytes(atStartOf text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    String(decoding: text, as: UTF8.self).unicodeScalars.prefix(while: \.isWordSeparator)
      .reduce(0) { $0 + $1.utf8.count }
  }

  private static func spaceBytes(atEndOf text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    String(decoding: text, as: UTF8.self).unicodeScalars.reversed().prefix(while: \.isWordSeparator)
      .reduce(0) { $0 + $1.utf8.count }
  }
}
