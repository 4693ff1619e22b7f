import Files
import Foundation
import Graph

/// A `config.json` and the encoder it describes.
///
/// Field names, meanings and defaults are those of the families' classes in transformers
/// (https://github.com/huggingface/transformers, `src/transformers/models/*/configuration_*.py`). Sizes must be given;
/// rates and the like may be left to their defaults.
public struct HuggingFaceConfiguration: Sendable, Hashable {
  public let encoder: EncoderConfiguration
  /// The file as it was read, members that mean nothing here included.
  let json: JSONObject

  /// Reads `config.json`.
  ///
  /// - Parameter problem: what the head predicts; nil takes it from the file: `problem_type`, the number of labels, and
  ///   `architectures`, whose `…ForQuestionAnswering` predicts spans.
  /// - Throws: `FileError`, `ConfigurationError`.
  public init(file: URL, problem: Problem? = nil) throws {
    let bytes = try RegularFile.contents(of: file.path)
    do {
      try self.init(parsing: bytes, problem: problem)
    } catch let reason as ConfigurationError.Reason {
      throw ConfigurationError(file: file.path, reason: reason)
    } catch let error as JSONError {
      throw ConfigurationError(file: file.path, reason: .invalidJSON(error))
    }
  }

  /// - Throws: `JSONError`, `ConfigurationError.Reason`.
  init(parsing bytes: [UInt8], problem: Problem? = nil) throws {
    guard case .object(let json) = try JSONValue(parsing: bytes) else {
      throw ConfigurationError.Reason.notAnObject
    }
    self.json = json
    encoder = try ConfigurationFields(json).encoder(problem: problem)
  }

  init(encoder: EncoderConfiguration, json: JSONObject) {
    self.encoder = encoder
    self.json = json
  }
}

/// Typed access to the members of a `config.json`; null counts as absent, as in transformers.
private struct ConfigurationFields {
  private typealias Reason = ConfigurationError.Reason

  private let json: JSONObject

  init(_ json: JSONObject) { self.json = json }

  func encoder(problem: Problem?) throws -> EncoderConfiguration {
    let type = try string("model_type")
    guard let family = ModelFamily(rawValue: type) else { throw Reason.unknownModelType(type) }
    let encoder =
      switch family {
      case .bert, .roberta, .xlmRoberta, .electra: try bert(family, problem: problem ?? self.problem())
      case .distilbert: try distilBERT(problem: problem ?? self.problem())
      }
    guard encoder.hiddenSize % encoder.headCount == 0 else {
      throw Reason.hiddenSizeNotMultipleOfHeads(hiddenSize: encoder.hiddenSize, heads: encoder.headCount)
    }
    return encoder
  }

  /// BERT and the families that share its fields.
  private func bert(_ family: ModelFamily, problem: Problem) throws -> EncoderConfiguration {
    let positions = try optionalString("position_embedding_type") ?? "absolute"
    guard positions == "absolute" else {
      throw Reason.unsupported(field: "position_embedding_type", value: positions, supported: "absolute")
    }
    for field in ["is_decoder", "add_cross_attention"] where json[field] == .bool(true) {
      throw Reason.unsupported(field: field, value: "true", supported: "false")
    }
    // RoBERTa numbers positions from the padding token's id on, which is 1 in every published checkpoint.
    if family.firstPosition > 0, let padding = try optionalInteger("pad_token_id"),
      padding != family.firstPosition - 1
    {
      throw Reason.unsupportedPadding(padding, supported: family.firstPosition - 1)
    }
    let dropout = try rate("hidden_dropout_prob") ?? 0.1
    return EncoderConfiguration(
      family: family, vocabularySize: try size("vocab_size", 1...Self.largestTable),
      maximumPositions: try size("max_position_embeddings", family.firstPosition + 1...Self.largestTable),
      typeVocabularySize: try size("type_vocab_size", 1...Self.largestTable),
      embeddingSize: family == .electra ? try size("embedding_size", 1...Self.largestWidth) : nil,
      hiddenSize: try size("hidden_size", 1...Self.largestWidth),
      feedForwardSize: try size("intermediate_size", 1...Self.largestWidth),
      layerCount: try size("num_hidden_layers", 1...Self.mostLayers),
      headCount: try size("num_attention_heads", 1...Self.largestWidth),
      activation: try activation("hidden_act"),
      layerNormEpsilon: try epsilon("layer_norm_eps") ?? 1e-12, hiddenDropout: dropout,
      attentionDropout: try rate("attention_probs_dropout_prob") ?? 0.1,
      classifierDropout: try rate("classifier_dropout") ?? dropout, problem: problem)
  }

  private func distilBERT(problem: Problem) throws -> EncoderConfiguration {
    let headDropout = problem == .span ? "qa_dropout" : "seq_classif_dropout"
    return EncoderConfiguration(
      family: .distilbert, vocabularySize: try size("vocab_size", 1...Self.largestTable),
      maximumPositions: try size("max_position_embeddings", 1...Self.largestTable),
      hiddenSize: try size("dim", 1...Self.largestWidth),
      feedForwardSize: try size("hidden_dim", 1...Self.largestWidth),
      layerCount: try size("n_layers", 1...Self.mostLayers),
      headCount: try size("n_heads", 1...Self.largestWidth), activation: try activation("activation"),
      hiddenDropout: try rate("dropout") ?? 0.1, attentionDropout: try rate("attention_dropout") ?? 0.1,
      classifierDropout: try rate(headDropout), problem: problem)
  }

  // Generous bounds, so that no product of sizes overflows and no file asks for a graph of millions of layers.
  private static let largestTable = 1 << 24
  private static let largestWidth = 1 << 20
  private static let mostLayers = 1 << 10

  /// What the head predicts; as in transformers there are two labels by default, and one label means regression.
  private func problem() throws -> Problem {
    if try architectures().contains(where: { $0.hasSuffix("ForQuestionAnswering") }) { return .span }
    let count = try optionalInteger("num_labels")
    let names = try labelNameCount()
    if let count, let names, count != names {
      throw Reason.labelCountMismatch(count: count, labels: names)
    }
    let labels = count ?? names ?? 2
    guard 1...Self.largestTable ~= labels else { throw outOfRange("num_labels", labels, 1...Self.largestTable) }
    switch try optionalString("problem_type") {
    case nil: return labels == 1 ? .regression : .classification(labels: labels)
    case "single_label_classification":
      guard labels > 1 else { throw outOfRange("num_labels", labels, 2...Self.largestTable) }
      return .classification(labels: labels)
    case "regression":
      guard labels == 1 else { throw outOfRange("num_labels", labels, 1...1) }
      return .regression
    case "multi_label_classification": return .multiLabel(labels: labels)
    case let other?:
      throw Reason.unsupported(
        field: "problem_type", value: other,
        supported: "single_label_classification, multi_label_classification, regression")
    }
  }

  private func architectures() throws -> [String] {
    switch json["architectures"] {
    case nil, .null: return []
    case .array(let names): return names.compactMap { if case .string(let name) = $0 { name } else { nil } }
    case let other?: throw Reason.wrongType(field: "architectures", expected: "an array", got: other.kind)
    }
  }

  private func labelNameCount() throws -> Int? {
    switch json["id2label"] {
    case nil, .null: return nil
    case .object(let names): return names.members.count
    case let other?: throw Reason.wrongType(field: "id2label", expected: "an object", got: other.kind)
    }
  }

  private func activation(_ field: String) throws -> Activation {
    let name = try optionalString(field) ?? Activation.gelu.rawValue
    let supported: [Activation] = [.gelu, .geluTanh, .relu]
    guard let activation = Activation(rawValue: name), supported.contains(activation) else {
      throw Reason.unsupported(
        field: field, value: name, supported: supported.map(\.rawValue).joined(separator: ", "))
    }
    return activation
  }

  // MARK: Single values

  private func size(_ field: String, _ allowed: ClosedRange<Int>) throws -> Int {
    guard let value = try optionalInteger(field) else { throw Reason.missing(field: field) }
    guard allowed ~= value else { throw outOfRange(field, value, allowed) }
    return value
  }

  private func optionalInteger(_ field: String) throws -> Int? {
    guard let text = try optionalNumber(field, expected: "a whole number") else { return nil }
    guard let value = Int(text) else {
      throw Reason.wrongType(field: field, expected: "a whole number", got: text)
    }
    return value
  }

  private func rate(_ field: String) throws -> Double? {
    guard let text = try optionalNumber(field, expected: "a number") else { return nil }
    guard let value = Double(text), 0 <= value, value < 1 else {
      throw Reason.outOfRange(field: field, value: text, allowed: "0 up to, not including, 1")
    }
    return value
  }

  private func epsilon(_ field: String) throws -> Double? {
    guard let text = try optionalNumber(field, expected: "a number") else { return nil }
    guard let value = Double(text), 0 < value, value < 1 else {
      throw Reason.outOfRange(field: field, value: text, allowed: "between 0 and 1")
    }
    return value
  }

  private func optionalNumber(
    _ field: String, expected: String
  ) throws -> String? {
    switch json[field] {
    case nil, .null: return nil
    case .number(let text): return text
    case let other?: throw Reason.wrongType(field: field, expected: expected, got: other.kind)
    }
  }

  private func string(_ field: String) throws -> String {
    guard let value = try optionalString(field) else { throw Reason.missing(field: field) }
    return value
  }

  private func optionalString(_ field: String) throws -> String? {
    switch json[field] {
    case nil, .null: return nil
    case .string(let text): return text
    case let other?: throw Reason.wrongType(field: field, expected: "a string", got: other.kind)
    }
  }

  private func outOfRange(_ field: String, _ value: Int, _ allowed: ClosedRange<Int>)
    -> ConfigurationError.Reason
  {
    .outOfRange(
      field: field, value: "\(value)",
      allowed: allowed.count == 1
        ? "\(allowed.lowerBound)" : "\(allowed.lowerBound) to \(allowed.upperBound)")
  }
}
