import Units

/// Why a step could not run.
public enum EngineError: UserFacingError, Equatable {
  /// The plan reads a tensor in place, but the checkpoint has no usable F32 data for it.
  case notMappable(tensor: String)
  case batchTooLarge(sequences: Int, tokens: Int, limitSequences: Int, limitTokens: Int)
  case tokenOutOfRange(id: Int, vocabulary: Int)
  case labelOutOfRange(label: Int, labels: Int)
  case labelCount(found: Int, expected: Int)
  case emptySequence(index: Int)
  /// The loss is not a number; `kernel` is the first whose result is not finite.
  case diverged(step: Int, kernel: String)
  /// The weights to start from hold what is no number.
  case notFinite(tensor: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .diverged: .negative
    case .notMappable, .batchTooLarge: .internalError
    case .tokenOutOfRange, .labelOutOfRange, .labelCount, .emptySequence, .notFinite: .malformedInput
    }
  }

  public var description: String {
    switch self {
    case .notMappable(let tensor): "'\(tensor)' is frozen but cannot be read in place from the checkpoint"
    case .batchTooLarge(let sequences, let tokens, let limitSequences, let limitTokens):
      "a batch of \(sequences) sequences and \(tokens) tokens, planned for \(limitSequences) and \(limitTokens)"
    case .tokenOutOfRange(let id, let vocabulary):
      "token \(id) is outside the model's vocabulary of \(vocabulary); the tokenizer is another model's"
    case .labelOutOfRange(let label, let labels):
      "label \(label), but the model's head has \(labels) classes; plan with the task that the data is for"
    case .labelCount(let found, let expected):
      "\(found) labels in a batch that needs \(expected); plan with the task that the data is for"
    case .emptySequence(let index): "sequence \(index) of the batch has no tokens"
    case .diverged(let step, let kernel):
      "the loss is not finite at step \(step), first in kernel '\(kernel)'; try a smaller learning rate"
    case .notFinite(let tensor):
      "the pretrained weights cannot be trained: '\(tensor)' holds a value that is not finite; fetch the checkpoint again"
    }
  }
}
