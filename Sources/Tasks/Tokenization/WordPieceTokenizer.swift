/// BERT's WordPiece tokenizer, token for token that of the Hugging Face `tokenizers` library.
///
/// Text is normalized, split at white space and around punctuation, and each word is cut into the longest
/// pieces that the vocabulary has, from the left. Special tokens written in a text are recognized as such.
public struct WordPieceTokenizer: Tokenizer {
  let normalizer: BertNormalizer
  /// Tokens that may start a word.
  let vocabulary: Vocabulary
  /// Tokens that may continue one, without their prefix ("##").
  let continuations: Vocabulary
  /// Cut out of the raw text before anything else.
  let addedTokens: AddedTokens
  let unknownID: Int32
  /// A word of more scalars becomes one unknown token.
  let maximumWordLength: Int

  public let template: SequenceTemplate
  public let paddingID: Int32
  public let vocabularySize: Int

  public func tokenize(_ text: String) -> [Token] {
    var text = text
    return text.withUTF8(tokenize(utf8:))
  }

  private func tokenize(utf8: UnsafeBufferPointer<UInt8>) -> [Token] {
    var tokens: [Token] = []
    var scratch = Scratch()
    addedTokens.split(utf8, in: 0..<utf8.count) { piece, id in
      if let id {
        tokens.append(Token(id: id, range: piece))
      } else {
        appendTokens(of: utf8, in: piece, to: &tokens, &scratch)
      }
    }
    return tokens
  }

  /// Buffers used again for every word.
  private struct Scratch {
    var scalars: [BertNormalizer.Scalar] = []
    var word: [UInt8] = []
    /// Where each byte of the word comes from in the text.
    var sources: [Range<Int>] = []
    var prefixes: [(end: Int, hash: TokenHash)] = []
  }

  private func appendTokens(
    of utf8: UnsafeBufferPointer<UInt8>, in part: Range<Int>, to tokens: inout [Token], _ scratch: inout Scratch
  ) {
    normalizer.normalize(utf8, in: part, into: &scratch.scalars)
    var wordLength = 0
    for (scalar, source) in scratch.scalars {
      let isSeparator = scalar.isWordSeparator
      let isPunctuation = !isSeparator && scalar.isBertPunctuation
      if isSeparator || isPunctuation {
        appendPieces(wordLength: wordLength, to: &tokens, &scratch)
        wordLength = 0
      }
      if isSeparator { continue }
      for byte in scalar.utf8 {
        scratch.word.append(byte)
        scratch.sources.append(source)
      }
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
  private func appendPieces(wordLength: Int, to tokens: inout [Token], _ scratch: inout Scratch) {
    if wordLength == 0 { return }
    defer {
      scratch.word.removeAll(keepingCapacity: true)
      scratch.sources.removeAll(keepingCapacity: true)
    }
    func token(_ id: Int32, _ bytes: Range<Int>) -> Token {
      let sources = scratch.sources
      return Token(
        id: id, range: sources[bytes.lowerBound].lowerBound..<sources[bytes.upperBound - 1].upperBound)
    }
    let word = 0..<scratch.word.count
    guard wordLength <= maximumWordLength else { return tokens.append(token(unknownID, word)) }
    let tokensBefore = tokens.count
    var start = 0
    while start < word.count {
      guard let (id, end) = longestPiece(from: start, &scratch) else {
        tokens.removeSubrange(tokensBefore...)
        tokens.append(token(unknownID, word))
        return
      }
      tokens.append(token(id, start..<end))
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
