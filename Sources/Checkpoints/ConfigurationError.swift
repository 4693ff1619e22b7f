import Files
import Graph
import Units

/// Why a `config.json` does not describe a model that is known here.
public struct ConfigurationError: UserFacingError, Hashable {
  /// The file's path.
  public let file: String
  public let reason: Reason

  public enum Reason: Error, Hashable, Sendable {
    case invalidJSON(JSONError)
    case notAnObject
    case unknownModelType(String)
    case missing(field: String)
    case wrongType(field: String, expected: String, got: String)
    case outOfRange(field: String, value: String, allowed: String)
    case hiddenSizeNotMultipleOfHeads(hiddenSize: Int, heads: Int)
    case unsupported(field: String, value: String, supported: String)
    /// A padding token that would number positions in another way.
    case unsupportedPadding(Int, supported: Int)
    /// `num_labels` and `id2label` disagree.
    case labelCountMismatch(count: Int, labels: Int)
  }

  public var exitStatus: ExitStatus { .malformedInput }

  public var description: String { "\(file): \(reason.description)" }
}

extension ConfigurationError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalidJSON(let error): "not valid JSON: \(error)"
    case .notAnObject: "not a JSON object; give the config.json of a Hugging Face model"
    case .unknownModelType(let type):
      "unknown model_type \(type.quoted); known are "
        + ModelFamily.allCases.map(\.rawValue).joined(separator: ", ")
    case .missing(let field): "no \(field); add it, or give the model's own config.json"
    case .wrongType(let field, let expected, let got): "\(field) is \(got), expected \(expected)"
    case .outOfRange(let field, let value, let allowed): "\(field) is \(value), allowed is \(allowed)"
    case .hiddenSizeNotMultipleOfHeads(let hiddenSize, let heads):
      "the hidden size \(hiddenSize) is not a multiple of the \(heads) attention heads"
    case .unsupported(let field, let value, let supported):
      "\(field) \(value.quoted) is not supported; supported is \(supported)"
    case .unsupportedPadding(let id, let supported):
      "pad_token_id is \(id), supported is \(supported), from which positions are numbered on; give a checkpoint whose "
        + "tokenizer pads with \(supported)"
    case .labelCountMismatch(let count, let labels):
      "num_labels is \(count), but id2label names \(labels) labels; make them agree"
    }
  }
}
