import Foundation

extension WordPieceTokenizer {
  /// Loads the tokenizer of a model directory: `tokenizer.json`, or else `vocab.txt` with `tokenizer_config.json`.
  ///
  /// - Throws: `TokenizerError`, naming the file. What these rules cannot reproduce exactly is refused.
  public init(directory: URL) throws {
    let files = ["tokenizer.json", "vocab.txt"].map { directory.appendingPathComponent($0).path }
    do {
      if let file = try MappedFile(ifPresent: files[0]) {
        self = try TokenizerJSON(file: file).tokenizer()
      } else if let file = try MappedFile(ifPresent: files[1]) {
        let config = try MappedFile(ifPresent: directory.appendingPathComponent("tokenizer_config.json").path)
        self = try Self.fromVocabularyFile(file, config: config)
      } else {
        throw TokenizerError.missingFiles(directory: directory.path)
      }
    } catch let error as FileAccessError {
      throw TokenizerError.unreadable(error)
    }
  }

  /// The parts that a model's files name; everything derived from them follows here.
  struct Parts {
    var file: String
    var normalizer = BertNormalizer()
    var entries: [(token: Substring, id: Int32)] = []
    var addedTokens: [(token: String, id: Int32)] = []
    var continuationPrefix = "##"
    var maximumWordLength = 100  // `tokenizers`' default
    var unknown = "[UNK]"
    var classification = "[CLS]"
    var separator = "[SEP]"
    var padding = "[PAD]"
  }

  init(_ parts: Parts) throws(TokenizerError) {
    let vocabulary = Vocabulary(parts.entries)
    func id(_ token: String) throws(TokenizerError) -> Int32 {
      guard let id = parts.addedTokens.last(where: { $0.token == token })?.id ?? vocabulary[token] else {
        throw .missingToken(file: parts.file, token: token)
      }
      return id
    }
    unknownID = try id(parts.unknown)
    template = SequenceTemplate(
      classification: try id(parts.classification), separator: try id(parts.separator))
    paddingID = try id(parts.padding)
    normalizer = parts.normalizer
    maximumWordLength = parts.maximumWordLength
    let prefix = parts.continuationPrefix.utf8
    continuations = Vocabulary(
      parts.entries.filter { $0.token.utf8.starts(with: prefix) }.map { entry in
        (entry.token.utf8.dropFirst(prefix.count), entry.id)
      }.map { (token: Substring($0), id: $1) })
    addedTokens = parts.addedTokens.filter { !$0.token.isEmpty }
      .map { AddedToken(utf8: Array($0.token.utf8), id: $0.id) }
      .sorted { $0.utf8.count > $1.utf8.count }
    vocabularySize = max(vocabulary.size, parts.addedTokens.map { Int($0.id) + 1 }.max() ?? 0)
    self.vocabulary = vocabulary
  }

  /// One token a line; its id is the number of the line, from 0.
  private static func fromVocabularyFile(_ file: MappedFile, config: MappedFile?) throws -> WordPieceTokenizer {
    var parts = Parts(file: file.path)
    for (number, line) in file.lines {
      parts.entries.append((Substring(decoding: line, as: UTF8.self), Int32(clamping: number - 1)))
    }
    var mask = "[MASK]"
    if let config {
      let json = try JSON(contentsOf: config)
      parts.normalizer.lowercases = json["do_lower_case"]?.bool ?? true
      parts.normalizer.stripsAccents = json["strip_accents"]?.bool ?? parts.normalizer.lowercases
      parts.normalizer.separatesChineseCharacters = json["tokenize_chinese_chars"]?.bool ?? true
      func special(_ key: String, _ token: inout String) {
        token = json[key]?.string ?? json[key]?["content"]?.string ?? token
      }
      special("unk_token", &parts.unknown)
      special("cls_token", &parts.classification)
      special("sep_token", &parts.separator)
      special("pad_token", &parts.padding)
      special("mask_token", &mask)
    }
    let special = [parts.unknown, parts.classification, parts.separator, parts.padding, mask]
    let lookup = Vocabulary(parts.entries)
    parts.addedTokens = special.compactMap { token in lookup[token].map { (token, $0) } }
    return try WordPieceTokenizer(parts)
  }
}

extension MappedFile {
  /// Maps a file; nil when there is none.
  convenience init?(ifPresent path: String) throws(FileAccessError) {
    do {
      try self.init(path: path)
    } catch {
      if error.isMissingInput { return nil }
      throw error
    }
  }
}

extension JSON {
  /// - Throws: `TokenizerError.malformed`, with the offset of what is wrong.
  init(contentsOf file: MappedFile) throws(TokenizerError) {
    do {
      self = try JSONReader.read(file.bytes)
    } catch {
      throw .malformed(file: file.path, reason: "not JSON at byte \(error.offset): \(error.reason)")
    }
  }
}
