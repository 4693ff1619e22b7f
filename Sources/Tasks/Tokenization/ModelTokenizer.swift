import Files
import Foundation

/// The tokenizer that a model's files describe.
public enum ModelTokenizer {
  /// Loads `tokenizer.json`, or else `vocab.txt` (WordPiece), or `vocab.json` with `merges.txt` (byte-level BPE).
  ///
  /// - Throws: `TokenizerError`, naming the file. What cannot be reproduced exactly is refused.
  public static func load(from directory: URL) throws -> any Tokenizer {
    func file(_ name: String) throws(FileError) -> TextFile? {
      try TextFile(ifPresent: directory.appendingPathComponent(name).path)
    }
    do {
      if let file = try file("tokenizer.json") {
        let json = try TokenizerJSON(file: file)
        switch json.modelType {
        case "BPE": return try ByteLevelBPETokenizer(json)
        case "Unigram": throw TokenizerError.sentencePiece(file: file.path)
        default: return try WordPieceTokenizer(json)
        }
      }
      let config = try file("tokenizer_config.json")
      if let vocabulary = try file("vocab.txt") {
        return try WordPieceTokenizer(vocabulary: vocabulary, config: config)
      }
      if let vocabulary = try file("vocab.json"), let merges = try file("merges.txt") {
        return try ByteLevelBPETokenizer(vocabulary: vocabulary, merges: merges, config: config)
      }
      for name in ["sentencepiece.bpe.model", "spiece.model"] {
        if let file = try file(name) { throw TokenizerError.sentencePiece(file: file.path) }
      }
    } catch let error as FileError {
      throw TokenizerError.unreadable(error)
    }
    throw TokenizerError.missingFiles(directory: directory.path)
  }
}

/// What `tokenizer_config.json` says; nothing where there is none.
struct TokenizerConfig {
  private let json: JSONValue

  init(_ file: TextFile?) throws(TokenizerError) {
    json = if let file { try JSONValue(contentsOf: file) } else { .null }
  }

  subscript(field: String) -> JSONValue? { json[field] }

  /// A token's text, written plainly or as an object with its `content`.
  func token(_ field: String) -> String? { json[field]?.string ?? json[field]?["content"]?.string }
}

extension Vocabulary {
  /// The id of a special token that encoding needs.
  func id(of token: String, among added: [AddedTokenEntry], file: String) throws(TokenizerError) -> Int32 {
    guard let id = added.last(where: { $0.content == token })?.id ?? self[token] else {
      throw .missingToken(file: file, token: token)
    }
    return id
  }

  /// One more than the largest id, those of added tokens included.
  func size(with added: [AddedTokenEntry]) -> Int { max(size, added.map { Int($0.id) + 1 }.max() ?? 0) }
}

extension SequenceTemplate {
  init(
    _ processor: PostProcessor, _ id: (String) throws(TokenizerError) -> Int32
  ) throws(TokenizerError) {
    self.init(
      classification: try id(processor.classification), separator: try id(processor.separator),
      separatorsBetween: processor.separatorsBetween, marksSecondText: processor.marksSecondText)
  }
}

extension JSONValue {
  /// - Throws: `TokenizerError.malformed`, with the offset of what is wrong.
  init(contentsOf file: TextFile) throws(TokenizerError) {
    do {
      try self.init(parsing: Array(file.bytes), strings: .texts)
    } catch {
      throw .malformed(file: file.path, reason: "not JSON: \(error)")
    }
  }
}
