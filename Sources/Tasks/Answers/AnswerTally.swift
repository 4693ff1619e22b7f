/// Exact match and F1 of answers, added up question by question, as SQuAD's official scripts do.
///
/// All figures are shares, 0 to 1. No questions give 0.
public struct AnswerTally: Sendable {
  /// How one question's answer compares with the gold answers; the best of them counts.
  struct Agreement {
    var exact: Double
    var f1: Double
  }

  /// A question that may have no answer.
  private struct Undecided {
    let hasAnswer: Bool
    /// By how much the model prefers no answer to its best answer.
    let noAnswerScore: Float
    /// Of the best answer, preferred or not.
    let agreement: Agreement
  }

  /// Whether questions may have no answer.
  public let mayBeMissing: Bool
  private var questionCount = 0
  private var sum = Agreement(exact: 0, f1: 0)
  private var undecided: [Undecided] = []

  /// Counts by the rules of evaluate-v2.0.py where questions may have no answer, else by those of v1.1.
  public init(mayBeMissing: Bool) { self.mayBeMissing = mayBeMissing }

  var f1: Double { questionCount == 0 ? 0 : sum.f1 / Double(questionCount) }
  var exactMatch: Double { questionCount == 0 ? 0 : sum.exact / Double(questionCount) }

  /// Adds a question.
  ///
  /// - Parameter gold: the answers that people gave; none where the question has none.
  public mutating func add(_ prediction: AnswerPrediction, gold: [String]) {
    questionCount += 1
    let agreement = agreement(prediction.text, gold)
    sum.exact += agreement.exact
    sum.f1 += agreement.f1
    guard mayBeMissing else { return }
    undecided.append(
      Undecided(
        hasAnswer: !gold.isEmpty, noAnswerScore: prediction.noAnswerScore,
        agreement: self.agreement(prediction.bestText, gold)))
  }

  private func agreement(_ text: String, _ gold: [String]) -> Agreement {
    let words = AnswerWords(text)
    var golds = gold.map(AnswerWords.init)
    if mayBeMissing {
      golds.removeAll(where: \.isEmpty)
      if golds.isEmpty { golds = [AnswerWords("")] }
    }
    return golds.reduce(into: Agreement(exact: 0, f1: 0)) { best, gold in
      best.exact = max(best.exact, words == gold ? 1 : 0)
      best.f1 = max(best.f1, words.f1(against: gold, emptyAgreement: mayBeMissing ? 1 : 0))
    }
  }

  /// The figure at the threshold that serves it best, given every best answer and how much no answer is preferred;
  /// nil where every question has an answer.
  ///
  /// As `find_best_thresh` of evaluate-v2.0.py: from "no question has an answer", questions are answered one after
  /// another, the surest first.
  func best(_ figure: KeyPath<Agreement, Double>) -> Double? {
    guard mayBeMissing else { return nil }
    guard questionCount > 0 else { return 0 }
    var current = Double(undecided.count { !$0.hasAnswer })
    var best = current
    let order = undecided.indices.sorted {
      (undecided[$0].noAnswerScore, $0) < (undecided[$1].noAnswerScore, $1)
    }
    for question in order.map({ undecided[$0] }) {
      current += question.hasAnswer ? question.agreement[keyPath: figure] : -1
      best = max(best, current)
    }
    return best / Double(questionCount)
  }
}
