import Files

extension WordPieceTokenizer {
  /// The parts that a model's files name; everything derived from them follows here.
  struct Parts {
    var file: String
    var normalizer = BertNormalizer()
    var entries: [(token: Substring, id: Int32)] = []
    var addedTokens: [AddedTokenEntry] = []
    var continuationPrefix = "##"
    var maximumWordLength = 100  // `tokenizers`' default
    var unknown = "[UNK]"
    var padding = "[PAD]"
    var postProcessor = PostProcessor(classification: "[CLS]", separator: "[SEP]")
  }

  init(_ parts: Parts) throws(TokenizerError) {
    let vocabulary = Vocabulary(parts.entries)
    func id(_ token: String) throws(TokenizerError) -> Int32 {
      try vocabulary.id(of: token, among: parts.addedTokens, file: parts.file)
    }
    unknownID = try id(parts.unknown)
    template = try SequenceTemplate(parts.postProcessor, id)
    paddingID = try id(parts.padding)
    normalizer = parts.normalizer
    maximumWordLength = parts.maximumWordLength
    let prefix = parts.continuationPrefix.utf8
    continuations = Vocabulary(
      parts.entries.filter { $0.token.utf8.starts(with: prefix) }.map { entry in
        (entry.token.utf8.dropFirst(prefix.count), entry.id)
      }.map { (token: Substring($0), id: $1) })
    addedTokens = AddedTokens(parts.addedTokens)
    vocabularySize = vocabulary.size(with: parts.addedTokens)
    self.vocabulary = vocabulary
  }

  /// One token a line; its id is the number of the line, from 0.
  init(vocabulary file: TextFile, config: TextFile?) throws(TokenizerError) {
    var parts = Parts(file: file.path)
    for (number, line) in file.lines {
      parts.entries.append((Substring(decoding: line, as: UTF8.self), Int32(clamping: number - 1)))
    }
    let config = try TokenizerConfig(config)
    parts.normalizer.lowercases = config["do_lower_case"]?.bool ?? true
    parts.normalizer.stripsAccents = config["strip_accents"]?.bool ?? parts.normalizer.lowercases
    parts.normalizer.separatesChineseCharacters = config["tokenize_chinese_chars"]?.bool ?? true
    let mask = config.token("mask_token") ?? "[MASK]"
    parts.unknown = config.token("unk_token") ?? parts.unknown
    parts.padding = config.token("pad_token") ?? parts.padding
    parts.postProcessor.classification = config.token("cls_token") ?? parts.postProcessor.classification
    parts.postProcessor.separator = config.token("sep_token") ?? parts.postProcessor.separator
    let special = [
      parts.unknown, parts.postProcessor.classification, parts.postProcessor.separator, parts.padding, mask,
    ]
    let lookup = Vocabulary(parts.entries)
    for token in special {
      guard let id = lookup[token] else { continue }
      parts.addedTokens.append(try AddedTokenEntry(token, id: id, flags: nil, file: file.path))
    }
    try self.init(parts)
  }

  /// - Throws: `TokenizerError` for a pipeline that is not BERT's.
  init(_ json: TokenizerJSON) throws(TokenizerError) {
    var parts = Parts(file: json.path)
    try json.expect("pre_tokenizer", type: "BertPreTokenizer")
    parts.normalizer = try json.bertNormalizer()
    parts.entries = try json.vocabulary()
    let model = json.json["model"]
    guard json.modelType == "WordPiece", let prefix = model?["continuing_subword_prefix"]?.string else {
      throw .unsupported(file: json.path, feature: "model \(model?["type"]?.string ?? "without a type")")
    }
    parts.continuationPrefix = prefix
    parts.unknown = model?["unk_token"]?.string ?? parts.unknown
    parts.maximumWordLength = model?["max_input_chars_per_word"]?.integer ?? parts.maximumWordLength
    parts.addedTokens = try json.addedTokens()
    if let token = parts.addedTokens.first(where: \.isNormalized) {
      throw .unsupported(file: json.path, feature: "normalized of the added token \(token.content)")
    }
    parts.postProcessor = try json.postProcessor() ?? parts.postProcessor
    try self.init(parts)
  }
}

extension TokenizerJSON {
  fileprivate func bertNormalizer() throws(TokenizerError) -> BertNormalizer {
    try expect("normalizer", type: "BertNormalizer")
    let settings = json["normalizer"]
    var normalizer = BertNormalizer()
    normalizer.cleansText = settings?["clean_text"]?.bool ?? true
    normalizer.separatesChineseCharacters = settings?["handle_chinese_chars"]?.bool ?? true
    normalizer.lowercases = settings?["lowercase"]?.bool ?? true
    normalizer.stripsAccents = settings?["strip_accents"]?.bool ?? normalizer.lowercases
    return normalizer
  }
}
