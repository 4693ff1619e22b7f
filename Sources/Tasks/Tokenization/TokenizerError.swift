import Files
import Units

/// Why a tokenizer could not be loaded or used.
public enum TokenizerError: UserFacingError, Equatable {
  /// The model directory holds no tokenizer.
  case missingFiles(directory: String)
  case unreadable(FileError)
  case malformed(file: String, reason: String)
  /// The file asks for something that would give other tokens than these rules do.
  case unsupported(file: String, feature: String)
  /// A SentencePiece tokenizer, as XLM-R's, which is not implemented.
  case sentencePiece(file: String)
  /// A special token that encoding needs is not in the vocabulary.
  case missingToken(file: String, token: String)
  /// The special tokens alone are longer than the sequence may be.
  case maximumLengthTooSmall(Int, minimum: Int)

  public var exitStatus: ExitStatus {
    switch self {
    case .missingFiles: .missingInput
    case .unreadable(let error): error.exitStatus
    case .sentencePiece: .unavailable
    default: .malformedInput
    }
  }

  public var description: String {
    switch self {
    case .missingFiles(let directory):
      "no tokenizer.json, no vocab.txt and no vocab.json with merges.txt in \(directory); copy the model's tokenizer "
        + "files there"
    case .unreadable(let error): error.description
    case .malformed(let file, let reason): "\(file): \(reason); download the file again"
    case .unsupported(let file, let feature):
      "\(file): \(feature) is not supported; only BERT's WordPiece and RoBERTa's byte-level BPE are"
    case .sentencePiece(let file):
      "\(file): SentencePiece tokenizers are not supported; measure the memory with 'verify --weights random', or take a "
        + "model with a WordPiece or byte-level BPE vocabulary"
    case .missingToken(let file, let token):
      "\(file): the vocabulary has no special token \(token); take the tokenizer that belongs to the model"
    case .maximumLengthTooSmall(let length, let minimum):
      "a maximum length of \(length) leaves no room beside the special tokens; it must be at least \(minimum)"
    }
  }
}
