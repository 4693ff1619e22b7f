/// Reads `tokenizer.json`, the serialized form of a `tokenizers` pipeline, when it holds BERT's.
///
/// Its `truncation` and `padding` members are somebody's settings, not the tokenizer's rules, and are not read.
struct TokenizerJSON {
  private let path: String
  private let json: JSON

  init(file: MappedFile) throws(TokenizerError) {
    path = file.path
    json = try JSON(contentsOf: file)
  }

  func tokenizer() throws(TokenizerError) -> WordPieceTokenizer {
    var parts = WordPieceTokenizer.Parts(file: path)
    try expect("pre_tokenizer", type: "BertPreTokenizer")
    parts.normalizer = try normalizer()
    try readModel(into: &parts)
    try readAddedTokens(into: &parts)
    try readPostProcessor(into: &parts)
    return try WordPieceTokenizer(parts)
  }

  private func expect(_ member: String, type: String) throws(TokenizerError) {
    let found = json[member]?["type"]?.string ?? "none"
    guard found == type else { throw .unsupported(file: path, feature: "\(member) \(found)") }
  }

  private func normalizer() throws(TokenizerError) -> BertNormalizer {
    try expect("normalizer", type: "BertNormalizer")
    let settings = json["normalizer"]
    var normalizer = BertNormalizer()
    normalizer.cleansText = settings?["clean_text"]?.bool ?? true
    normalizer.separatesChineseCharacters = settings?["handle_chinese_chars"]?.bool ?? true
    normalizer.lowercases = settings?["lowercase"]?.bool ?? true
    normalizer.stripsAccents = settings?["strip_accents"]?.bool ?? normalizer.lowercases
    return normalizer
  }

  private func readModel(into parts: inout WordPieceTokenizer.Parts) throws(TokenizerError) {
    guard let model = json["model"], let vocabulary = model["vocab"]?.members else {
      throw .malformed(file: path, reason: "no vocabulary (model.vocab)")
    }
    // Files of early versions name no type; only WordPiece has this prefix.
    guard model["type"]?.string ?? "WordPiece" == "WordPiece",
      let prefix = model["continuing_subword_prefix"]?.string
    else { throw .unsupported(file: path, feature: "model \(model["type"]?.string ?? "without a type")") }
    parts.continuationPrefix = prefix
    parts.unknown = model["unk_token"]?.string ?? parts.unknown
    parts.maximumWordLength = model["max_input_chars_per_word"]?.integer ?? parts.maximumWordLength
    parts.entries.reserveCapacity(vocabulary.count)
    for member in vocabulary {
      parts.entries.append((Substring(member.key), try tokenID(member.value, of: member.key)))
    }
  }

  private func readAddedTokens(into parts: inout WordPieceTokenizer.Parts) throws(TokenizerError) {
    for token in json["added_tokens"]?.elements ?? [] {
      guard let content = token["content"]?.string else {
        throw .malformed(file: path, reason: "an added token without content")
      }
      for flag in ["normalized", "single_word", "lstrip", "rstrip"] where token[flag]?.bool == true {
        throw .unsupported(file: path, feature: "\(flag) of the added token \(content)")
      }
      parts.addedTokens.append((content, try tokenID(token["id"], of: content)))
    }
  }

  /// Takes the names of the special tokens from either form of BERT's `[CLS] a [SEP] b [SEP]`.
  private func readPostProcessor(into parts: inout WordPieceTokenizer.Parts) throws(TokenizerError) {
    guard let processor = json["post_processor"] else { return }
    switch processor["type"]?.string {
    case "BertProcessing":
      parts.classification = processor["cls"]?.elements?.first?.string ?? parts.classification
      parts.separator = processor["sep"]?.elements?.first?.string ?? parts.separator
    case "TemplateProcessing":
      let single = template(processor["single"])
      let pair = template(processor["pair"])
      guard single.count == 3, pair.count == 5, single[0] == pair[0],
        single[1] == "A0", single[0].hasSuffix("0"), single[2].hasSuffix("0"),
        pair[1...] == [single[1], single[2], "B1", single[2].dropLast() + "1"]
      else { throw .unsupported(file: path, feature: "this template of special tokens") }
      parts.classification = String(single[0].dropLast())
      parts.separator = String(single[2].dropLast())
    case let other:
      // A null processor adds no special tokens, and the model would not know its input.
      throw .unsupported(file: path, feature: "post_processor \(other ?? "none")")
    }
  }

  /// A template's items as their name and token type: "[CLS]0", "A0", "[SEP]0".
  private func template(_ items: JSON?) -> [String] {
    (items?.elements ?? []).compactMap { item in
      item.members?.first.map { "\($0.value["id"]?.string ?? "")\($0.value["type_id"]?.integer ?? -1)" }
    }
  }

  private func tokenID(_ value: JSON?, of token: String) throws(TokenizerError) -> Int32 {
    guard let id = value?.integer.flatMap(Int32.init(exactly:)), id >= 0 else {
      throw .malformed(file: path, reason: "token \(token) has no valid id")
    }
    return id
  }
}
