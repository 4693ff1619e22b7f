import Foundation
import Testing

@testable import Tasks

@Suite("Loading a byte-level BPE tokenizer")
struct ByteLevelLoadingTests {
  /// A complete `tokenizer.json`, with one part replaced.
  private func json(_ replaced: String = "", _ replacement: String = "") throws -> String {
    let whole = try String(contentsOf: fixture("byte-level/tokenizer.json"), encoding: .utf8)
    if replaced.isEmpty { return whole }
    try #require(whole.contains(replaced), "the fixture no longer holds \(replaced)")
    return whole.replacingOccurrences(of: replaced, with: replacement)
  }

  private func load(_ files: [String: String]) throws -> any Tokenizer {
    try withDirectory(files) { try ModelTokenizer.load(from: $0) }
  }

  /// The files beside `tokenizer.json`, as GPT-2 has them.
  private func files() throws -> [String: String] {
    try Dictionary(
      uniqueKeysWithValues: ["vocab.json", "merges.txt", "tokenizer_config.json"].map {
        ($0, try String(contentsOf: fixture("byte-level-prefix/\($0)"), encoding: .utf8))
      })
  }

  private let text = "the <mask> lights, Zürich"

  @Test("both forms of files, and both forms of merges, give the same tokens")
  func forms() throws {
    let serialized = try load(["tokenizer.json": json()])
    #expect(serialized.paddingID == 1 && serialized.vocabularySize == 400)
    #expect(serialized.template.classification == 0 && serialized.template.separatorsBetween == 2)
    var files = try files()
    files["tokenizer_config.json"] =
      #"{"mask_token": {"content": "<mask>", "lstrip": true}, "add_prefix_space": false}"#
    #expect(try load(files).tokenize(text) == serialized.tokenize(text))
    // Merges as texts, as `tokenizers` wrote them before 0.20.
    let merges = try json().replacing(/\["([^",\]]+)","([^"\]]+)"\]/) { "\"\($0.1) \($0.2)\"" }
    #expect(!merges.contains(#""merges":[["#))
    #expect(try load(["tokenizer.json": merges]).tokenize(text) == serialized.tokenize(text))
  }

  @Test("without tokenizer_config.json no space is put before a text, and <mask> leaves the one before it")
  func defaults() throws {
    var files = try files()
    files["tokenizer_config.json"] = nil
    let ids = try load(files).tokenize("off <mask>").map(\.id)
    let vocabulary = try load(["tokenizer.json": json()])
    #expect(ids == vocabulary.tokenize("off ").map(\.id) + [4])
    #expect(vocabulary.tokenize("off <mask>").map(\.id) == vocabulary.tokenize("off").map(\.id) + [4])
  }

  @Test("added tokens come from tokenizer_config.json too, and enlarge the vocabulary")
  func addedTokens() throws {
    var files = try files()
    files["tokenizer_config.json"] =
      #"{"added_tokens_decoder": {"500": {"content": "<home>", "rstrip": true}, "4": {"content": "<mask>"}}}"#
    let tokenizer = try load(files)
    #expect(tokenizer.vocabularySize == 501)
    #expect(
      tokenizer.tokenize("<home>  <mask>") == [Token(id: 500, range: 0..<6), Token(id: 4, range: 8..<14)])
    files["tokenizer_config.json"] = #"{"added_tokens_decoder": {"-1": {"content": "<home>"}}}"#
    #expect(throws: TokenizerError.self) { try load(files) }
  }

  @Test("a template may say what RoBERTa's processor says, with offsets trimmed before it or not at all")
  func templates() throws {
    let whole = try json()
    let start = try #require(whole.range(of: #""post_processor":"#))
    let end = try #require(whole.range(of: #","decoder""#))
    func item(_ name: String, _ type: Int) -> String {
      name.count == 1
        ? #"{"Sequence":{"id":"\#(name)","type_id":\#(type)}}"#
        : #"{"SpecialToken":{"id":"\#(name)","type_id":\#(type)}}"#
    }
    func processor(_ pair: [(String, Int)]) -> String {
      let single = [("<s>", 0), ("A", 0), ("</s>", 0)].map(item).joined(separator: ",")
      return
        #"{"type":"TemplateProcessing","single":[\#(single)],"pair":[\#(pair.map(item).joined(separator: ","))]}"#
    }
    func tokenizer(_ processor: String) throws -> any Tokenizer {
      try load(["tokenizer.json": whole[..<start.upperBound] + processor + whole[end.lowerBound...]])
    }
    let roberta = [("<s>", 0), ("A", 0), ("</s>", 0), ("</s>", 0), ("B", 0), ("</s>", 0)]
    let bert = [("<s>", 0), ("A", 0), ("</s>", 0), ("B", 1), ("</s>", 1)]
    let plain = try load(["tokenizer.json": whole])
    let trimmed = try tokenizer(
      #"{"type":"Sequence","processors":[{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true},"#
        + processor(roberta) + "]}")
    #expect(trimmed.template == plain.template)
    #expect(trimmed.tokenize(" the lights") == plain.tokenize(" the lights"))
    let untrimmed = try tokenizer(processor(bert))
    #expect(untrimmed.template == SequenceTemplate(classification: 0, separator: 2))
    #expect(untrimmed.tokenize("a the").last?.range == 1..<5 && plain.tokenize("a the").last?.range == 2..<5)
    for pair in [Array(roberta.dropLast()), roberta.map { ($0.0, 1) }, roberta.reversed()] {
      #expect(throws: TokenizerError.self) { try tokenizer(processor(pair)) }
    }
  }

  @Test(
    "what cannot be reproduced exactly is refused by name",
    arguments: [
      (#""normalizer":null"#, #""normalizer":{"type":"NFC"}"#, "normalizer NFC"),
      (
        #""pre_tokenizer":{"type":"ByteLevel""#, #""pre_tokenizer":{"type":"Metaspace""#,
        "pre_tokenizer Metaspace"
      ),
      (#""use_regex":true"#, #""use_regex":false"#, "pre_tokenizer ByteLevel without GPT-2's pattern"),
      (#""ignore_merges":false"#, #""ignore_merges":true"#, "ignore_merges"),
      (#""dropout":null"#, #""dropout":0.1"#, "dropout of merges"),
      (#""end_of_word_suffix":null"#, #""end_of_word_suffix":"</w>""#, "end_of_word_suffix"),
      (#""single_word":false"#, #""single_word":true"#, "single_word of the added token <s>"),
      (#""type":"RobertaProcessing""#, #""type":"ByteLevel""#, "post_processor ByteLevel"),
    ])
  func unsupported(replaced: String, replacement: String, feature: String) throws {
    let text = try json(replaced, replacement)
    let error = #expect(throws: TokenizerError.self) { try load(["tokenizer.json": text]) }
    guard case .unsupported(_, feature) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
  }

  @Test("broken vocabularies and merges are errors of one line that name the file")
  func malformed() throws {
    func description(_ files: [String: String]) -> String {
      let error = #expect(throws: TokenizerError.self) { try load(files) }
      #expect(error?.description.contains("\n") == false)
      return error?.description ?? ""
    }
    let sound = try files()
    func changing(_ name: String, _ change: (String) -> String) -> [String: String] {
      sound.merging([name: change(sound[name] ?? "")]) { $1 }
    }
    #expect(
      description(changing("merges.txt") { $0 + "a b c\n" }).contains("merges.txt: line 141 is not two tokens"))
    #expect(
      description(changing("merges.txt") { $0 + "Q Q\n" }).contains(
        "the merge's result QQ is not in the vocabulary"))
    #expect(
      description(changing("merges.txt") { $0 + "Ω Q\n" }).contains(
        "the merged token Ω is not in the vocabulary"))
    #expect(
      description(changing("vocab.json") { $0.replacing("\"Ġ\":", with: "\"other\":") })
        .contains("the byte Ġ is not in the vocabulary"))
    #expect(
      description(changing("vocab.json") { $0.replacing("\"Ġ\":", with: "\"Ġ\":-") }).contains(
        "has no valid id"))
    #expect(description(changing("vocab.json") { _ in "[]" }).contains("vocab.json: not a JSON object"))
    #expect(
      description(changing("vocab.json") { $0.replacing("\"</s>\":", with: "\"other\":") })
        .contains("no special token </s>"))
    #expect(
      description(["vocab.json": sound["vocab.json"] ?? ""]).contains("no vocab.json with merges.txt in /"))
    let text = try json(#"["Ġ","t"]"#, #"["Ġ"]"#)
    #expect(description(["tokenizer.json": text]).contains("is not two tokens"))
  }
}
