/// What a model answers to a question.
public struct AnswerPrediction: Equatable, Sendable {
  /// The answer; empty where the model prefers none.
  public let text: String
  /// The best answer, even where the model prefers none.
  public let bestText: String
  /// By how much it prefers none: the logits of the empty span minus those of the best answer.
  public let noAnswerScore: Float
}

/// Chooses the answer to one question from the logits of all its windows, as transformers' `run_qa.py` does
/// (`postprocess_qa_predictions` of utils_qa.py).
///
/// Of each window the best starts and ends are paired; pairs that end before they start, are too long or touch
/// anything but the paragraph are dropped. The answer with the highest sum of logits wins, over all windows.
struct AnswerDecoder {
  /// Starts, and ends, of a window that are paired.
  static let candidateCount = 20
  /// Longest answer, in tokens.
  static let maximumAnswerLength = 30
  /// No answer is given where it is preferred by more than this.
  static let noAnswerThreshold: Float = 0

  private let question: QuestionRecord
  private let mayBeMissing: Bool
  private var best: (score: Float, start: Float, end: Float, text: String)?
  private var candidates = 0
  /// The smallest sum of the logits at `[CLS]` over the windows.
  private var emptyScore = Float.infinity

  /// - Parameter mayBeMissing: whether the question may have no answer.
  init(_ question: QuestionRecord, mayBeMissing: Bool) {
    (self.question, self.mayBeMissing) = (question, mayBeMissing)
  }

  /// Looks at a window's logits: a start and an end for every token of its sequence.
  mutating func add(window index: Int, logits: some RandomAccessCollection<Float>) {
    func logit(_ token: Int, _ column: Int) -> Float {
      logits[logits.index(logits.startIndex, offsetBy: 2 * token + column)]
    }
    let tokenCount = logits.count / 2
    guard tokenCount > 0 else { return }
    emptyScore = min(emptyScore, logit(0, 0) + logit(0, 1))
    let context = question.positions(inWindow: index)
    func highest(_ column: Int) -> [Int] {
      let order = (0..<tokenCount).sorted { (logit($0, column), $0) > (logit($1, column), $1) }
      return order.prefix(Self.candidateCount).filter(context.contains)
    }
    let ends = highest(1)
    for start in highest(0) {
      for end in ends where end >= start && end - start < Self.maximumAnswerLength {
        let score = logit(start, 0) + logit(end, 1)
        candidates += 1
        guard best.map({ score > $0.score }) ?? true else { continue }
        let text = question.text(from: start, through: end, window: index)
        if text.isEmpty && mayBeMissing { continue }
        best = (score, logit(start, 0), logit(end, 1), text)
      }
    }
  }

  /// The answer, once every window was added.
  var prediction: AnswerPrediction {
    guard let best, !(best.text.isEmpty && candidates == 1) else {
      // Not one pair was possible; as there, an answer that nobody gave stands for it.
      return prediction("empty", score: emptyScore)
    }
    return prediction(best.text, score: emptyScore - best.start - best.end)
  }

  private func prediction(_ text: String, score: Float) -> AnswerPrediction {
    let isMissing = mayBeMissing && score > Self.noAnswerThreshold
    return AnswerPrediction(text: isMissing ? "" : text, bestText: text, noAnswerScore: score)
  }
}
