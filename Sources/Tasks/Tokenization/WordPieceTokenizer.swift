/// BERT's WordPiece tokenizer, token for token that of the Hugging Face `tokenizers` library.
///
/// ```swift
/// let tokenizer = try WordPieceTokenizer(directory: URL(fileURLWithPath: "model"))
/// let encoding = try tokenizer.encode("Turn off the lamp.", maximumLength: 64)
/// // encoding.ids == [101, 2735, 2125, 1996, 10437, 1012, 102]
/// ```
///
/// Text is normalized, split at white space and around punctuation, and each word is cut into the longest
/// pieces that the vocabulary has, from the left. Special tokens written in a text are recognized as such.
public struct WordPieceTokenizer: Sendable {
  let normalizer: BertNormalizer
  /// Tokens that may start a word.
  let vocabulary: Vocabulary
  /// Tokens that may continue one, without their prefix ("##").
  let continuations: Vocabulary
  /// Tokens cut out of the raw text before anything else, longest first.
  let addedTokens: [AddedToken]
  let unknownID: Int32
  let classificationID: Int32
  let separatorID: Int32
  /// A word of more scalars becomes one unknown token.
  let maximumWordLength: Int

  /// The id that fills a batch's rows up to their common length: `[PAD]`'s.
  public let paddingID: Int32
  /// One more than the largest id: the rows that the model's embedding table needs.
  public let vocabularySize: Int

  struct AddedToken: Sendable {
    let utf8: [UInt8]
    let id: Int32
  }

  /// Encodes a text, or a pair of texts, with its special tokens, in at most `maximumLength` tokens.
  ///
  /// A single text loses its end; a pair loses tokens by the `longest_first` rule.
  ///
  /// - Throws: `TokenizerError.maximumLengthTooSmall` for less than 2 tokens, or 3 for a pair.
  public func encode(
    _ first: String, _ second: String? = nil, maximumLength: Int
  ) throws(TokenizerError) -> Encoding {
    let specialTokens = second == nil ? 2 : 3
    guard maximumLength >= specialTokens else {
      throw .maximumLengthTooSmall(maximumLength, minimum: specialTokens)
    }
    let firstTokens = tokenize(first)
    let secondTokens = second.map(tokenize) ?? []
    let room = maximumLength - specialTokens
    let kept = longestFirstLengths(firstTokens.count, secondTokens.count, room: room)
    var ids: [Int32] = []
    ids.reserveCapacity(kept.first + kept.second + specialTokens)
    ids.append(classificationID)
    ids += firstTokens.prefix(kept.first)
    ids.append(separatorID)
    if second != nil {
      ids += secondTokens.prefix(kept.second)
      ids.append(separatorID)
    }
    return Encoding(
      ids: ids, firstSegmentLength: kept.first + 2,
      isTruncated: firstTokens.count + secondTokens.count > room)
  }

  /// The ids of a text's tokens, without special tokens around them.
  public func tokenize(_ text: String) -> [Int32] {
    var text = text
    return text.withUTF8(tokenize(utf8:))
  }

  /// The ids of the tokens of UTF-8 text; ill-formed bytes count as U+FFFD, which cleaning removes.
  public func tokenize(utf8: UnsafeBufferPointer<UInt8>) -> [Int32] {
    var tokens: [Int32] = []
    var scratch = Scratch()
    var plainStart = 0
    var position = 0
    while position < utf8.count {
      guard let added = addedTokens.first(where: { utf8[position...].starts(with: $0.utf8) }) else {
        position += 1
        continue
      }
      appendTokens(of: UnsafeBufferPointer(rebasing: utf8[plainStart..<position]), to: &tokens, &scratch)
      tokens.append(added.id)
      position += added.utf8.count
      plainStart = position
    }
    appendTokens(of: UnsafeBufferPointer(rebasing: utf8[plainStart...]), to: &tokens, &scratch)
    return tokens
  }

  /// Buffers used again for every word.
  private struct Scratch {
    var scalars: [Unicode.Scalar] = []
    var word: [UInt8] = []
    var prefixes: [(end: Int, hash: TokenHash)] = []
  }

  private func appendTokens(
    of utf8: UnsafeBufferPointer<UInt8>, to tokens: inout [Int32], _ scratch: inout Scratch
  ) {
    normalizer.normalize(utf8, into: &scratch.scalars)
    var wordLength = 0
    for scalar in scratch.scalars {
      let isSeparator = scalar.isWordSeparator
      let isPunctuation = !isSeparator && scalar.isBertPunctuation
      if isSeparator || isPunctuation {
        appendPieces(wordLength: wordLength, to: &tokens, &scratch)
        wordLength = 0
      }
      if isSeparator { continue }
      scratch.word.append(contentsOf: scalar.utf8)
      wordLength += 1
      if isPunctuation {
        appendPieces(wordLength: wordLength, to: &tokens, &scratch)
        wordLength = 0
      }
    }
    appendPieces(wordLength: wordLength, to: &tokens, &scratch)
  }

  /// Cuts the word in `scratch` into the longest known pieces from the left, and empties it.
  ///
  /// A word with a part that no piece covers is unknown as a whole.
  private func appendPieces(wordLength: Int, to tokens: inout [Int32], _ scratch: inout Scratch) {
    if wordLength == 0 { return }
    defer { scratch.word.removeAll(keepingCapacity: true) }
    guard wordLength <= maximumWordLength else { return tokens.append(unknownID) }
    let tokensBefore = tokens.count
    var start = 0
    while start < scratch.word.count {
      guard let (id, end) = longestPiece(from: start, &scratch) else {
        tokens.removeSubrange(tokensBefore...)
        tokens.append(unknownID)
        return
      }
      tokens.append(id)
      start = end
    }
  }

  private func longestPiece(from start: Int, _ scratch: inout Scratch) -> (id: Int32, end: Int)? {
    let pieces = start == 0 ? vocabulary : continuations
    let limit = min(scratch.word.count, start + pieces.longestBytes)
    scratch.prefixes.removeAll(keepingCapacity: true)
    var hash = TokenHash()
    for position in start..<limit {
      hash.combine(scratch.word[position])
      let end = position + 1
      let isBoundary = end == scratch.word.count || !UTF8.isContinuation(scratch.word[end])
      if isBoundary { scratch.prefixes.append((end, hash)) }
    }
    for (end, hash) in scratch.prefixes.reversed() {
      if let id = pieces.id(of: scratch.word[start..<end], hash: hash) { return (id, end) }
    }
    return nil
  }
}
