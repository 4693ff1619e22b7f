import Files

/// Reads `tokenizer.json`, the serialized form of a `tokenizers` pipeline; what all models have in common.
///
/// Its `truncation` and `padding` members are somebody's settings, not the tokenizer's rules, and are not read.
struct TokenizerJSON {
  let path: String
  let json: JSONValue

  init(file: TextFile) throws(TokenizerError) {
    path = file.path
    json = try JSONValue(contentsOf: file)
  }

  /// The kind of model; files of early versions name none, and only BPE's have merges.
  var modelType: String {
    json["model"]?["type"]?.string ?? (json["model"]?["merges"] == nil ? "WordPiece" : "BPE")
  }

  func expect(_ member: String, type: String) throws(TokenizerError) {
    let found = json[member]?["type"]?.string ?? "none"
    guard found == type else { throw .unsupported(file: path, feature: "\(member) \(found)") }
  }

  /// The model's tokens in the order of the file.
  func vocabulary() throws(TokenizerError) -> [(token: Substring, id: Int32)] {
    guard let members = json["model"]?["vocab"]?.members else {
      throw .malformed(file: path, reason: "no vocabulary (model.vocab)")
    }
    var entries: [(token: Substring, id: Int32)] = []
    entries.reserveCapacity(members.count)
    for member in members { entries.append((Substring(member.key), try tokenID(member.value, of: member.key))) }
    return entries
  }

  func addedTokens() throws(TokenizerError) -> [AddedTokenEntry] {
    var tokens: [AddedTokenEntry] = []
    for token in json["added_tokens"]?.elements ?? [] {
      guard let content = token["content"]?.string else {
        throw .malformed(file: path, reason: "an added token without content")
      }
      tokens.append(
        try AddedTokenEntry(content, id: tokenID(token["id"], of: content), flags: token, file: path))
    }
    return tokens
  }

  /// Reads `[CLS] a [SEP] b [SEP]`, or `<s> a </s></s> b </s>`, in any of their forms; nil where the file has none.
  func postProcessor() throws(TokenizerError) -> PostProcessor? {
    guard let processor = json["post_processor"] else { return nil }
    return try postProcessor(processor)
  }

  private func postProcessor(_ processor: JSONValue) throws(TokenizerError) -> PostProcessor {
    let type = processor["type"]?.string
    switch type {
    case "BertProcessing", "RobertaProcessing":
      guard let classification = processor["cls"]?.elements?.first?.string,
        let separator = processor["sep"]?.elements?.first?.string
      else { throw .malformed(file: path, reason: "a post_processor without cls and sep") }
      guard type == "RobertaProcessing" else {
        return PostProcessor(classification: classification, separator: separator)
      }
      return PostProcessor(
        classification: classification, separator: separator, separatorsBetween: 2, marksSecondText: false,
        trimming: trimming(processor))
    case "TemplateProcessing": return try template(processor)
    case "Sequence":
      // Offsets are trimmed before special tokens come, as `tokenizers` writes it.
      let parts = processor["processors"]?.elements ?? []
      guard parts.count == 2, parts[0]["type"]?.string == "ByteLevel" else { fallthrough }
      var result = try postProcessor(parts[1])
      result.trimming = trimming(parts[0]) ?? result.trimming
      return result
    default:
      // A null processor adds no special tokens, and the model would not know its input.
      throw .unsupported(file: path, feature: "post_processor \(type ?? "none")")
    }
  }

  private func trimming(_ processor: JSONValue) -> OffsetTrimming? {
    guard processor["trim_offsets"]?.bool ?? true else { return nil }
    return OffsetTrimming(knowsPrefixSpace: processor["add_prefix_space"]?.bool ?? true)
  }

  private func template(_ processor: JSONValue) throws(TokenizerError) -> PostProcessor {
    let single = items(processor["single"])
    let pair = items(processor["pair"])
    if single.count == 3, pair.count >= 5, single[0].hasSuffix("0"), single[2].hasSuffix("0") {
      let separators = pair.count - 4
      for type in ["0", "1"] {
        let separator = single[2].dropLast()
        guard single[1] == "A0",
          pair == [single[0], "A0"] + Array(repeating: single[2], count: separators)
            + ["B" + type, separator + type]
        else { continue }
        return PostProcessor(
          classification: String(single[0].dropLast()), separator: String(separator),
          separatorsBetween: separators, marksSecondText: type == "1")
      }
    }
    throw .unsupported(file: path, feature: "this template of special tokens")
  }

  /// A template's items as their name and token type: "[CLS]0", "A0", "[SEP]0".
  private func items(_ items: JSONValue?) -> [String] {
    (items?.elements ?? []).compactMap { item in
      item.members?.first.map { "\($0.value["id"]?.string ?? "")\($0.value["type_id"]?.integer ?? -1)" }
    }
  }

  func tokenID(_ value: JSONValue?, of token: String) throws(TokenizerError) -> Int32 {
    guard let id = value?.integer.flatMap(Int32.init(exactly:)), id >= 0 else {
      throw .malformed(file: path, reason: "token \(token) has no valid id")
    }
    return id
  }
}

/// How special tokens are put around texts, by their names.
struct PostProcessor {
  var classification: String
  var separator: String
  var separatorsBetween = 1
  var marksSecondText = true
  var trimming: OffsetTrimming?
}

/// An added token as a model's files describe it.
struct AddedTokenEntry {
  let content: String
  let id: Int32
  var takesSpaceBefore = false
  var takesSpaceAfter = false
  /// Whether it is looked for in normalized text.
  var isNormalized = false

  /// - Throws: `TokenizerError.unsupported` for tokens that match whole words only.
  init(_ content: String, id: Int32, flags: JSONValue?, file: String) throws(TokenizerError) {
    guard flags?["single_word"]?.bool != true else {
      throw .unsupported(file: file, feature: "single_word of the added token \(content)")
    }
    self.content = content
    self.id = id
    takesSpaceBefore = flags?["lstrip"]?.bool ?? false
    takesSpaceAfter = flags?["rstrip"]?.bool ?? false
    isNormalized = flags?["normalized"]?.bool ?? false
  }
}

extension AddedTokens {
  init(_ entries: [AddedTokenEntry]) {
    self.init(
      entries.map {
        Token(
          utf8: Array($0.content.utf8), id: $0.id, takesSpaceBefore: $0.takesSpaceBefore,
          takesSpaceAfter: $0.takesSpaceAfter)
      })
  }
}
