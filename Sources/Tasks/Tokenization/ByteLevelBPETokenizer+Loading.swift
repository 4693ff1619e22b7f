import Files

extension ByteLevelBPETokenizer {
  /// The parts that a model's files name; everything derived from them follows here.
  struct Parts {
    var file: String
    var entries: [(token: Substring, id: Int32)] = []
    /// Pairs of tokens in the order of their ranks.
    var merges: [(left: String, right: String)] = []
    var addedTokens: [AddedTokenEntry] = []
    var padding = "<pad>"
    var addsPrefixSpace = false
    var postProcessor = PostProcessor(
      classification: "<s>", separator: "</s>", separatorsBetween: 2, marksSecondText: false)
  }

  init(_ parts: Parts) throws(TokenizerError) {
    let vocabulary = Vocabulary(parts.entries)
    func special(_ token: String) throws(TokenizerError) -> Int32 {
      try vocabulary.id(of: token, among: parts.addedTokens, file: parts.file)
    }
    func id(_ token: String, in what: String) throws(TokenizerError) -> Int32 {
      guard let id = vocabulary[token] else {
        throw .malformed(file: parts.file, reason: "\(what) \(token) is not in the vocabulary")
      }
      return id
    }
    template = try SequenceTemplate(parts.postProcessor, special)
    paddingID = try special(parts.padding)
    addedTokens = [false, true].map { isNormalized in
      AddedTokens(parts.addedTokens.filter { $0.isNormalized == isNormalized })
    }
    vocabularySize = vocabulary.size(with: parts.addedTokens)
    addsPrefixSpace = parts.addsPrefixSpace
    trimming = parts.postProcessor.trimming
    var byteTokens: [Int32] = []
    for character in Self.alphabet { byteTokens.append(try id(String(character), in: "the byte")) }
    self.byteTokens = byteTokens
    var merges = BytePairMerges()
    for (left, right) in parts.merges {
      merges.append(
        try id(left, in: "the merged token"), try id(right, in: "the merged token"),
        into: try id(left + right, in: "the merge's result"))
    }
    self.merges = merges
  }

  /// The character that stands for each byte in vocabularies: itself where it is printable, else one of U+0100 and up
  /// (`bytes_to_unicode` of GPT-2's encoder.py).
  static let alphabet: [Unicode.Scalar] = {
    var alphabet: [Unicode.Scalar] = []
    var substitutes = Unicode.Scalar(UInt8(0)).value + 0x100
    for byte in UInt8.min...UInt8.max {
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: alphabet.append(Unicode.Scalar(byte))
      default:
        alphabet.append(Unicode.Scalar(substitutes) ?? "\u{FFFD}")
        substitutes += 1
      }
    }
    return alphabet
  }()

  /// Files as GPT-2 has them: tokens with their ids, and one merge a line.
  init(vocabulary: TextFile, merges: TextFile, config: TextFile?) throws(TokenizerError) {
    var parts = Parts(file: vocabulary.path)
    guard let members = try JSONValue(contentsOf: vocabulary).members else {
      throw .malformed(file: vocabulary.path, reason: "not a JSON object of tokens and ids")
    }
    for member in members {
      guard let id = member.value.integer.flatMap(Int32.init(exactly:)), id >= 0 else {
        throw .malformed(file: vocabulary.path, reason: "token \(member.key) has no valid id")
      }
      parts.entries.append((Substring(member.key), id))
    }
    for (number, line) in merges.lines {
      let text = String(decoding: line, as: UTF8.self)
      if text.isEmpty || text.hasPrefix("#version") { continue }
      guard let pair = Self.pair(text) else {
        throw .malformed(file: merges.path, reason: "line \(number) is not two tokens with a space between")
      }
      parts.merges.append(pair)
    }
    try parts.configure(TokenizerConfig(config))
    try self.init(parts)
  }

  /// - Throws: `TokenizerError` for a pipeline that is not RoBERTa's.
  init(_ json: TokenizerJSON) throws(TokenizerError) {
    let (root, model) = (json.json, json.json["model"])
    var parts = Parts(file: json.path)
    if let type = root["normalizer"]?["type"]?.string {
      throw .unsupported(file: json.path, feature: "normalizer \(type)")
    }
    try json.expect("pre_tokenizer", type: "ByteLevel")
    guard root["pre_tokenizer"]?["use_regex"]?.bool ?? true else {
      throw .unsupported(file: json.path, feature: "pre_tokenizer ByteLevel without GPT-2's pattern")
    }
    for affix in ["continuing_subword_prefix", "end_of_word_suffix"]
    where !(model?[affix]?.string ?? "").isEmpty {
      throw .unsupported(file: json.path, feature: affix)
    }
    guard model?["ignore_merges"]?.bool != true else {
      throw .unsupported(file: json.path, feature: "ignore_merges")
    }
    guard case .null = model?["dropout"] ?? .null else {
      throw .unsupported(file: json.path, feature: "dropout of merges")
    }
    parts.entries = try json.vocabulary()
    parts.addedTokens = try json.addedTokens()
    parts.addsPrefixSpace = root["pre_tokenizer"]?["add_prefix_space"]?.bool ?? true
    for merge in model?["merges"]?.elements ?? [] {
      let tokens = merge.elements?.compactMap(\.string) ?? []
      guard let pair = merge.string.flatMap(Self.pair) ?? (tokens.count == 2 ? (tokens[0], tokens[1]) : nil)
      else {
        throw .malformed(file: json.path, reason: "merge \(parts.merges.count) is not two tokens")
      }
      parts.merges.append(pair)
    }
    guard let postProcessor = try json.postProcessor() else {
      throw .unsupported(file: json.path, feature: "post_processor none")
    }
    parts.postProcessor = postProcessor
    try self.init(parts)
  }

  private static func pair(_ text: String) -> (left: String, right: String)? {
    let tokens = text.split(separator: " ", omittingEmptySubsequences: false)
    return tokens.count == 2 ? (String(tokens[0]), String(tokens[1])) : nil
  }
}

extension ByteLevelBPETokenizer.Parts {
  /// Takes what `tokenizer_config.json` says; defaults are those of `RobertaTokenizer` in transformers 5.
  fileprivate mutating func configure(_ config: TokenizerConfig) throws(TokenizerError) {
    addsPrefixSpace = config["add_prefix_space"]?.bool ?? false
    if config["trim_offsets"]?.bool ?? true {
      postProcessor.trimming = OffsetTrimming(knowsPrefixSpace: addsPrefixSpace)
    }
    postProcessor.classification = config.token("cls_token") ?? postProcessor.classification
    postProcessor.separator = config.token("sep_token") ?? postProcessor.separator
    padding = config.token("pad_token") ?? padding
    let vocabulary = Vocabulary(entries)
    let special = [
      "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>",
      "cls_token": "<s>", "mask_token": "<mask>",
    ]
    for (field, usual) in special.sorted(by: { $0.key < $1.key }) {
      let token = config.token(field) ?? usual
      guard let id = vocabulary[token] else { continue }
      addedTokens.append(try AddedTokenEntry(token, id: id, flags: config[field], file: file))
    }
    for member in config["added_tokens_decoder"]?.members ?? [] {
      guard let id = Int32(member.key), id >= 0, let content = member.value["content"]?.string else {
        throw .malformed(
          file: file, reason: "an added token of tokenizer_config.json has no content or no valid id")
      }
      addedTokens.removeAll { $0.content == content }
      addedTokens.append(try AddedTokenEntry(content, id: id, flags: member.value, file: file))
    }
  }
}
