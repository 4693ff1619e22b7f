import Foundation
import Testing

@testable import Tasks

@Suite("Loading a tokenizer")
struct TokenizerLoadingTests {
  static let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\noff\nOff\n##s\né\ne\u{301}\n"

  /// A complete `tokenizer.json`, with one part replaced.
  private func json(_ replaced: String = "", _ replacement: String = "") throws -> String {
    let whole = try String(contentsOf: fixture("uncased/tokenizer.json"), encoding: .utf8)
    if replaced.isEmpty { return whole }
    try #require(whole.contains(replaced), "the fixture no longer holds \(replaced)")
    return whole.replacingOccurrences(of: replaced, with: replacement)
  }

  private func load(_ files: [String: String]) throws -> any Tokenizer {
    try withDirectory(files) { try ModelTokenizer.load(from: $0) }
  }

  @Test("vocab.txt lower-cases and strips accents unless tokenizer_config.json says otherwise")
  func flags() throws {
    func offs(_ config: String?) throws -> [Int32] {
      var files = ["vocab.txt": Self.vocabulary]
      files["tokenizer_config.json"] = config
      return try load(files).tokenize("Off offs").map(\.id)
    }
    #expect(try offs(nil) == [5, 5, 7])
    #expect(try offs("{}") == [5, 5, 7])
    #expect(try offs(#"{"do_lower_case": false}"#) == [6, 5, 7])
    let keepsAccents = try load([
      "vocab.txt": Self.vocabulary, "tokenizer_config.json": #"{"strip_accents": false}"#,
    ])
    #expect(keepsAccents.tokenize("É e\u{301} e").map(\.id) == [8, 9, 1])
  }

  @Test("canonically equivalent tokens stay apart")
  func equivalentTokens() throws {
    let vocabulary = Vocabulary([("é", 4), ("e\u{301}", 7), ("é", 5)])
    #expect(vocabulary["é"] == 5)
    #expect(vocabulary["e\u{301}"] == 7)
    #expect(vocabulary["e"] == nil)
    #expect(vocabulary.size == 8)
  }

  @Test("an empty vocabulary holds nothing")
  func emptyVocabulary() {
    #expect(Vocabulary([])[""] == nil)
    #expect(Vocabulary([]).size == 0)
  }

  @Test("carriage returns at line ends are not part of tokens")
  func carriageReturns() throws {
    let text = Self.vocabulary.replacingOccurrences(of: "\n", with: "\r\n")
    #expect(try load(["vocab.txt": text]).tokenize("offs").map(\.id) == [5, 7])
  }

  @Test("tokenizer.json is preferred, and added tokens beyond the vocabulary enlarge it")
  func serialized() throws {
    let plain = try load(["tokenizer.json": try json(), "vocab.txt": "nothing"])
    #expect(plain.paddingID == 0)
    let added = #""added_tokens":[{"id":5000,"content":"<home>","normalized":false},"#
    let larger = try load(["tokenizer.json": try json(#""added_tokens":["#, added)])
    #expect(larger.vocabularySize == 5001)
    #expect(larger.tokenize("on<home>on").map { $0.id == 5000 } == [false, true, false])
    #expect(plain.vocabularySize < 5000)
  }

  @Test(
    "what cannot be reproduced exactly is refused by name",
    arguments: [
      (#""type":"BertPreTokenizer""#, #""type":"Whitespace""#, "pre_tokenizer Whitespace"),
      (#""type":"BertNormalizer""#, #""type":"NFKC""#, "normalizer NFKC"),
      (#""type":"WordPiece","unk"#, #""type":"WordLevel","unk"#, "model WordLevel"),
      (#""single_word":false"#, #""single_word":true"#, "single_word of the added token [PAD]"),
      (#""normalized":false"#, #""normalized":true"#, "normalized of the added token [PAD]"),
      (#""type":"TemplateProcessing""#, #""type":"ByteLevel""#, "post_processor ByteLevel"),
      (#""single":[{"#, #""single":[{"Sequence":{"id":"A","type_id":0}},{"#, "this template of special tokens"),
    ])
  func unsupported(replaced: String, replacement: String, feature: String) throws {
    let text = try json(replaced, replacement)
    let error = #expect(throws: TokenizerError.self) { try load(["tokenizer.json": text]) }
    guard case .unsupported(let file, feature) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
    #expect(file.hasSuffix("tokenizer.json"))
  }

  @Test("a BertProcessing post-processor names the special tokens, too")
  func bertProcessing() throws {
    let whole = try json()
    let start = try #require(whole.range(of: #""post_processor":"#))
    let end = try #require(whole.range(of: #","decoder""#))
    let text =
      whole[..<start.upperBound]
      + #"{"type":"BertProcessing","sep":["[MASK]",4],"cls":["[PAD]",0]}"# + whole[end.lowerBound...]
    let encoding = try load(["tokenizer.json": String(text)]).encode("", maximumLength: 2)
    #expect(encoding.ids == [0, 4])
  }

  @Test("a missing directory is missing input; broken files are not")
  func errors() throws {
    let missing = #expect(throws: TokenizerError.self) { try load([:]) }
    #expect(missing?.exitStatus == .missingInput)
    #expect(missing?.description.hasPrefix("no tokenizer.json, no vocab.txt and no vocab.json with") == true)

    let broken = #expect(throws: TokenizerError.self) { try load(["tokenizer.json": #"{"model": "#]) }
    #expect(broken?.exitStatus == .malformedInput)
    #expect(
      broken?.description.contains("tokenizer.json: not JSON: the text ends inside a value (byte 10)") == true)

    let text = try json(#""[PAD]":0"#, #""[PAD]":-1"#)
    let negative = #expect(throws: TokenizerError.self) { try load(["tokenizer.json": text]) }
    #expect(negative?.description.contains("token [PAD] has no valid id") == true)

    let incomplete = #expect(throws: TokenizerError.self) { try load(["vocab.txt": "[PAD]\n[UNK]\n[CLS]\n"]) }
    #expect(incomplete?.description.contains("vocab.txt: the vocabulary has no special token [SEP]") == true)
  }

  @Test("a SentencePiece tokenizer is known for what it is, and unavailable")
  func sentencePiece() throws {
    let unigram = try json(#""type":"WordPiece","unk"#, #""type":"Unigram","unk"#)
    for files in [["tokenizer.json": unigram], ["sentencepiece.bpe.model": ""], ["spiece.model": ""]] {
      let error = #expect(throws: TokenizerError.self) { try load(files) }
      #expect(error?.exitStatus == .unavailable)
      #expect(error?.description.contains("SentencePiece tokenizers are not supported; ") == true)
    }
  }

  @Test("a maximum length must leave room for the special tokens")
  func maximumLength() throws {
    let tokenizer = try load(["vocab.txt": Self.vocabulary])
    #expect(throws: TokenizerError.maximumLengthTooSmall(1, minimum: 2)) {
      try tokenizer.encode("off", maximumLength: 1)
    }
    #expect(throws: TokenizerError.maximumLengthTooSmall(2, minimum: 3)) {
      try tokenizer.encode("off", "off", maximumLength: 2)
    }
    let full = try tokenizer.encode("off off", maximumLength: 3)
    #expect(full.ids == [2, 5, 3] && full.isTruncated)
    #expect(try !tokenizer.encode("off", maximumLength: 3).isTruncated)
  }
}
