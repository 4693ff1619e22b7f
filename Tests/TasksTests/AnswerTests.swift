import Foundation
import TestSupport
import Testing

@testable import Tasks

@Suite("Answers")
struct AnswerTests {
  struct Pair: Decodable {
    let first: String
    let second: String
    let exact: Bool
    let f1: Double
    let f1WithEmpty: Double
  }

  @Test("two answers agree as much as in the official scripts; see Scripts/make-squad-fixtures.py")
  func words() throws {
    let pairs = try JSONDecoder().decode([Pair].self, from: Data(contentsOf: fixture("squad/words.json")))
    #expect(pairs.count >= 20)
    for pair in pairs {
      let (first, second) = (AnswerWords(pair.first), AnswerWords(pair.second))
      let name = "\(pair.first.debugDescription) against \(pair.second.debugDescription)"
      #expect((first == second) == pair.exact, "\(name)")
      #expect(first.f1(against: second, emptyAgreement: 0) == pair.f1, "\(name)")
      #expect(first.f1(against: second, emptyAgreement: 1) == pair.f1WithEmpty, "\(name)")
    }
  }

  /// Ten words of a letter each behind [CLS], a question and [SEP], in windows of these tokens.
  private func question(_ windows: [Range<Int>]) -> QuestionRecord {
    QuestionRecord(
      id: "q", context: "a b c d e f g h i j", answers: [], contextStart: 3,
      offsets: (0..<10).flatMap { [2 * $0, 2 * $0 + 1] },
      bounds: windows.flatMap { [$0.lowerBound, $0.upperBound] })
  }

  /// Logits of a window of so many tokens, 0 but at these positions.
  private func logits(_ tokens: Int, starts: [Int: Float], ends: [Int: Float]) -> [Float] {
    (0..<tokens).flatMap { [starts[$0] ?? 0, ends[$0] ?? 0] }
  }

  @Test("the best span wins over all windows; spans that are backwards or outside the paragraph do not count")
  func bestSpan() {
    var decoder = AnswerDecoder(question([0..<6, 4..<10]), mayBeMissing: false)
    decoder.add(window: 0, logits: logits(10, starts: [1: 9, 5: 4], ends: [9: 9, 4: 5, 6: 3]))
    #expect(decoder.prediction.text == "c d")
    decoder.add(window: 1, logits: logits(10, starts: [3: 4], ends: [5: 4]))
    #expect(decoder.prediction.text == "e f g")
  }

  @Test("an answer has at most 30 tokens")
  func longAnswers() {
    let record = QuestionRecord(
      id: "q", context: String(repeating: "x", count: 40), answers: [], contextStart: 2,
      offsets: (0..<40).flatMap { [$0, $0 + 1] }, bounds: [0, 40])
    for (last, expected) in [(31, 30), (32, 29)] {
      var decoder = AnswerDecoder(record, mayBeMissing: false)
      decoder.add(window: 0, logits: logits(43, starts: [2: 5, 4: 2], ends: [last: 5]))
      #expect(decoder.prediction.text.count == expected, "from 2 through \(last)")
    }
  }

  @Test("no answer is given where it is preferred, and by how much is told")
  func noAnswer() {
    for (empty, text) in [(Float(6), ""), (5, "c d"), (4, "c d")] {
      var decoder = AnswerDecoder(question([0..<10]), mayBeMissing: true)
      decoder.add(window: 0, logits: logits(14, starts: [0: empty, 5: 3], ends: [6: 2]))
      #expect(decoder.prediction == AnswerPrediction(text: text, bestText: "c d", noAnswerScore: empty - 5))
    }
  }

  @Test("where no span is possible the answer is the word that stands for it there")
  func nothingPossible() {
    var decoder = AnswerDecoder(question([0..<0]), mayBeMissing: false)
    decoder.add(window: 0, logits: logits(4, starts: [:], ends: [:]))
    #expect(decoder.prediction.text == "empty")
  }

  @Test("the best threshold is found among all, and needs questions without an answer to be asked for")
  func bestThreshold() throws {
    var generator = SeededGenerator(seed: 5)
    for round in 0..<50 {
      var tally = AnswerTally(mayBeMissing: true)
      var questions: [(score: Float, right: Bool, hasAnswer: Bool)] = []
      for _ in 0..<8 {
        let score = Float(Int.random(in: -9...9, using: &generator)) + Float(questions.count) / 16
        let (right, hasAnswer) = (Bool.random(using: &generator), Bool.random(using: &generator))
        questions.append((score, right, hasAnswer))
        tally.add(
          AnswerPrediction(text: score > 0 ? "" : "word", bestText: "word", noAnswerScore: score),
          gold: hasAnswer ? [right ? "the Word!" : "other"] : [])
      }
      // Tried one by one: the questions up to a threshold are answered.
      let figures = (questions.map(\.score) + [-100]).map { threshold in
        Double(questions.count { $0.score <= threshold ? $0.right && $0.hasAnswer : !$0.hasAnswer }) / 8
      }
      #expect(tally.best(\.exact) == figures.max(), "seed 5, round \(round)")
      #expect(tally.best(\.f1) == figures.max(), "seed 5, round \(round)")
      let answered = questions.count { $0.score > 0 ? !$0.hasAnswer : $0.right && $0.hasAnswer }
      #expect(tally.exactMatch == Double(answered) / 8, "seed 5, round \(round)")
    }
    #expect(AnswerTally(mayBeMissing: false).best(\.f1) == nil)
  }
}
