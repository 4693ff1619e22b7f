/// What cuts texts into the tokens that a model was trained on.
///
/// ```swift
/// let tokenizer = try ModelTokenizer.load(from: URL(fileURLWithPath: "model"))
/// let encoding = try tokenizer.encode("Turn off the lamp.", maximumLength: 64)
/// // encoding.ids == [101, 2735, 2125, 1996, 10437, 1012, 102]
/// ```
public protocol Tokenizer: Sendable {
  /// The special tokens around one text or two.
  var template: SequenceTemplate { get }
  /// The id that fills a batch's rows up to their common length.
  var paddingID: Int32 { get }
  /// One more than the largest id: the rows that the model's embedding table needs.
  var vocabularySize: Int { get }

  /// A text's tokens in order, without special tokens around them.
  func tokenize(_ text: String) -> [Token]
}

/// A token, and the part of the text that it stands for.
public struct Token: Equatable, Sendable {
  public let id: Int32
  /// UTF-8 offsets into the text as it was given, at scalar boundaries: the slice that the offsets of Hugging
  /// Face's `tokenizers` select.
  public let range: Range<Int>

  public init(id: Int32, range: Range<Int>) {
    (self.id, self.range) = (id, range)
  }
}

/// How special tokens stand around one text or two: `[CLS] a [SEP] b [SEP]`, or `<s> a </s></s> b </s>`.
public struct SequenceTemplate: Equatable, Sendable {
  /// `[CLS]`, `<s>`.
  public let classification: Int32
  /// `[SEP]`, `</s>`.
  public let separator: Int32
  /// How many separators stand between the texts of a pair: BERT's 1, RoBERTa's 2.
  public let separatorsBetween: Int
  /// Whether the second text and the separator after it are of token type 1; RoBERTa knows type 0 only.
  public let marksSecondText: Bool

  public init(classification: Int32, separator: Int32, separatorsBetween: Int = 1, marksSecondText: Bool = true)
  {
    self.classification = classification
    self.separator = separator
    self.separatorsBetween = separatorsBetween
    self.marksSecondText = marksSecondText
  }

  /// Special tokens of a single text, or of a pair.
  public func count(pair: Bool) -> Int { pair ? 2 + separatorsBetween : 2 }

  /// Where the second text starts after a first one of so many tokens.
  public func secondStart(after firstLength: Int) -> Int { 1 + firstLength + separatorsBetween }

  /// The sequence of one text or two, of whose tokens all are kept.
  public func encoding(
    _ first: some Collection<Int32>, _ second: (some Collection<Int32>)?, isTruncated: Bool
  ) -> Encoding {
    var ids = [classification]
    ids.reserveCapacity(first.count + (second?.count ?? 0) + count(pair: second != nil))
    ids += first
    var firstSegmentLength = first.count + 2
    if let second {
      ids += repeatElement(separator, count: separatorsBetween)
      if marksSecondText { firstSegmentLength = ids.count }
      ids += second
    }
    ids.append(separator)
    if !marksSecondText { firstSegmentLength = ids.count }
    return Encoding(ids: ids, firstSegmentLength: firstSegmentLength, isTruncated: isTruncated)
  }
}

extension Tokenizer {
  /// Encodes a text, or a pair of texts, with its special tokens, in at most `maximumLength` tokens.
  ///
  /// A single text loses its end; a pair loses tokens by the `longest_first` rule.
  ///
  /// - Throws: `TokenizerError.maximumLengthTooSmall` where the special tokens alone are more.
  public func encode(
    _ first: String, _ second: String? = nil, maximumLength: Int
  ) throws(TokenizerError) -> Encoding {
    let specialTokens = template.count(pair: second != nil)
    guard maximumLength >= specialTokens else {
      throw .maximumLengthTooSmall(maximumLength, minimum: specialTokens)
    }
    let firstIDs = tokenize(first).map(\.id)
    let secondIDs = second.map { tokenize($0).map(\.id) }
    let room = maximumLength - specialTokens
    let (firstCount, secondCount) = (firstIDs.count, secondIDs?.count ?? 0)
    let kept = longestFirstLengths(firstCount, secondCount, room: room)
    return template.encoding(
      firstIDs.prefix(kept.first), secondIDs?.prefix(kept.second),
      isTruncated: firstCount + secondCount > room)
  }
}
