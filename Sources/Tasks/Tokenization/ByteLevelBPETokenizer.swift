/// The byte-level BPE tokenizer of GPT-2 and RoBERTa, token for token that of the Hugging Face `tokenizers` library.
///
/// Text is cut into words, and each word's bytes are merged pair by pair. Every byte is a token, so no text is
/// unknown. Special tokens written in a text are recognized as such.
public struct ByteLevelBPETokenizer: Tokenizer {
  /// Added tokens that are looked for before, and those that are looked for after normalization, of which there is none.
  let addedTokens: [AddedTokens]
  /// The token of each byte.
  let byteTokens: [Int32]
  let merges: BytePairMerges
  /// Whether a space is put before the text, and after each added token, unless one is there.
  let addsPrefixSpace: Bool
  /// Whether tokens point at their part of the text without the spaces at its ends; nil where they do not.
  let trimming: OffsetTrimming?

  public let template: SequenceTemplate
  public let paddingID: Int32
  public let vocabularySize: Int

  public func tokenize(_ text: String) -> [Token] {
    var text = text
    return text.withUTF8 { utf8 in
      var tokens: [Token] = []
      var scratch = Scratch()
      append(utf8, in: 0..<utf8.count, cutting: addedTokens[...], to: &tokens, &scratch)
      return tokens
    }
  }

  /// Buffers used again for every part and every word.
  private struct Scratch {
    var words = ByteLevelWords()
    var symbols: [BytePairMerges.Symbol] = []
  }

  private func append(
    _ utf8: UnsafeBufferPointer<UInt8>, in part: Range<Int>, cutting added: ArraySlice<AddedTokens>,
    to tokens: inout [Token], _ scratch: inout Scratch
  ) {
    guard let first = added.first else { return appendWords(of: utf8, in: part, to: &tokens, &scratch) }
    first.split(utf8, in: part) { piece, id in
      if let id {
        // White space that the token takes with it.
        let text = String(decoding: utf8[piece], as: UTF8.self).unicodeScalars
        append(
          id, piece, of: utf8, leading: text.prefix(while: \.isWordSeparator).count,
          trailing: text.reversed().prefix(while: \.isWordSeparator).count, to: &tokens)
      } else {
        append(utf8, in: piece, cutting: added.dropFirst(), to: &tokens, &scratch)
      }
    }
  }

  private func appendWords(
    of utf8: UnsafeBufferPointer<UInt8>, in part: Range<Int>, to tokens: inout [Token], _ scratch: inout Scratch
  ) {
    scratch.words.load(utf8, in: part, addsSpace: addsPrefixSpace)
    while let word = scratch.words.next() {
      scratch.symbols.removeAll(keepingCapacity: true)
      for (index, byte) in scratch.words.bytes[word].enumerated() {
        scratch.symbols.append(
          BytePairMerges.Symbol(
            token: byteTokens[Int(byte)], start: word.lowerBound + index, previous: index - 1, next: index + 1))
      }
      merges.merge(&scratch.symbols)
      for symbol in scratch.symbols where symbol.isAlive {
        let end = symbol.next < scratch.symbols.count ? scratch.symbols[symbol.next].start : word.upperBound
        let (sources, bytes) = (scratch.words.sources, scratch.words.bytes[symbol.start..<end])
        append(
          symbol.token, sources[symbol.start].lowerBound..<sources[end - 1].upperBound, of: utf8,
          leading: bytes.prefix { $0 == 0x20 }.count, trailing: bytes.reversed().prefix { $0 == 0x20 }.count,
          to: &tokens)
      }
    }
  }

  /// Appends a token with so many spaces at its start and its end.
  private func append(
    _ id: Int32, _ range: Range<Int>, of utf8: UnsafeBufferPointer<UInt8>, leading: Int, trailing: Int,
    to tokens: inout [Token]
  ) {
    let trimmed = trimming?.trim(
      range, of: utf8, leading: leading, trailing: trailing, isFirst: tokens.isEmpty)
    tokens.append(Token(id: id, range: trimmed ?? range))
  }
}

/// Takes the spaces at a token's ends out of its part of the text, as `tokenizers` does where `trim_offsets` is set
/// (`process_offsets` of `pre_tokenizers/byte_level.rs`).
struct OffsetTrimming: Equatable, Sendable {
  /// Whether the first token's first space may have been put there, so that it takes none of the text.
  var knowsPrefixSpace: Bool

  /// The token's part of `utf8` without a character for each space: of a word after a space that was put there in the
  /// middle of a text, the first one, as in `tokenizers`.
  func trim(
    _ range: Range<Int>, of utf8: UnsafeBufferPointer<UInt8>, leading: Int, trailing: Int, isFirst: Bool
  ) -> Range<Int> {
    var leading = leading
    if leading > 0, knowsPrefixSpace, isFirst || range.lowerBound == 0 { leading -= 1 }
    var (start, end) = (range.lowerBound, range.upperBound)
    for _ in 0..<leading where start < end {
      repeat { start += 1 } while start < end && UTF8.isContinuation(utf8[start])
    }
    for _ in 0..<trailing where start < end {
      repeat { end -= 1 } while start < end && UTF8.isContinuation(utf8[end])
    }
    return start..<end
  }
}
