import Foundation
import Testing

@testable import Tasks

/// Against what transformers and the official scripts make of it; see Scripts/make-squad-fixtures.py.
@Suite("SQuAD is cut, answered and scored as transformers and the official scripts do")
struct SquadTests {
  struct Expected: Decodable {
    struct Window: Decodable {
      let ids: [Int32]
      let first: Int
      let span: [Int32]
    }

    let length: Int
    let stride: Int
    let windows: [Window]
    let predictions: [String: String]
    let scores: [String: Double]
  }

  /// Prepares the development split of a fixture.
  private func withPrepared(
    _ name: String, _ task: TaskDefinition, length: Int, stride: Int? = nil,
    _ body: (PreparedData) throws -> Void
  ) throws {
    let dataset = try Dataset(directory: fixture(name), task: task, documentStride: stride)
    let tokenizer = try ModelTokenizer.load(from: fixture("uncased"))
    try withDirectory { directory in
      let file = directory.appendingPathComponent("dev.tokens")
      try dataset.prepare(.development, tokenizer: tokenizer, maximumLength: length, to: file)
      try body(PreparedData(opening: file))
    }
  }

  @Test(
    "windows, labels, answers from seeded logits, exact match and F1 are equal for several lengths",
    arguments: ["squad", "squad2"])
  func golden(name: String) throws {
    let all = try JSONDecoder().decode(
      [Expected].self, from: Data(contentsOf: fixture("\(name)/expected.json")))
    #expect(all.count == 5)
    for expected in all {
      // The task "squad" finds out by itself that squad2's questions may have no answer.
      try withPrepared(name, .squad, length: expected.length, stride: expected.stride) { data in
        #expect(data.objective == .span && data.count == expected.windows.count)
        for (index, window) in expected.windows.enumerated() where index < data.count {
          let example = data[index]
          #expect(example.ids == window.ids, "window \(index) of length \(expected.length)")
          #expect(example.firstSegmentLength == window.first, "window \(index) of length \(expected.length)")
          #expect(example.labels == window.span, "window \(index) of length \(expected.length)")
        }
        let (scores, predictions) = try scoreSeededLogits(data, .squad)
        let figures = Dictionary(uniqueKeysWithValues: scores.map { ($0.metric.rawValue, $0.value) })
        #expect(figures == expected.scores, "length \(expected.length)")
        #expect(scores.first?.metric == .answerF1)
        let answers = try JSONDecoder().decode([String: String].self, from: Data(predictions.utf8))
        #expect(answers == expected.predictions, "length \(expected.length)")
      }
    }
  }

  @Test("a window of any length overlaps the next by the stride, as tokenizers cuts them")
  func ranges() throws {
    let lines = try String(contentsOf: fixture("squad/windows.txt"), encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 13 * (1...6).reduce(0, +))
    for line in lines {
      let parts = line.split(separator: " ")
      let numbers = parts.prefix(3).compactMap { Int($0) }
      let ranges = QuestionWindows.ranges(count: numbers[0], length: numbers[1], stride: numbers[2])
      #expect(
        ranges.map { "\($0.lowerBound)-\($0.upperBound)" } == parts.dropFirst(3).map(String.init), "\(line)")
    }
  }

  @Test("a stride as long as the window still leads through the paragraph")
  func longStrides() {
    for (length, stride) in [(1, 1), (2, 2), (5, 9), (4, Int.max)] {
      let ranges = QuestionWindows.ranges(count: 20, length: length, stride: stride)
      #expect(ranges.last?.upperBound == 20 && ranges.count <= 20, "length \(length), stride \(stride)")
      #expect(ranges.allSatisfy { $0.count <= length }, "length \(length), stride \(stride)")
    }
  }

  @Test(
    "every answer of a paragraph is labelled with the tokens that hold it, or with [CLS] where some are missing"
  )
  func labels() {
    // Words of 3 bytes with a space between them.
    let tokens = (0..<8).map { Token(id: 9, range: 4 * $0..<4 * $0 + 3) }
    let windows = QuestionWindows(
      template: SequenceTemplate(classification: 1, separator: 2), maximumLength: 64, stride: 0)
    for lower in 0..<8 {
      for upper in lower + 1...8 {
        for first in 0..<8 {
          for last in first..<8 {
            let label = windows.label(
              4 * first..<4 * last + 3, in: lower..<upper, of: tokens, questionLength: 5)
            let isInside = lower <= first && last < upper
            // [CLS], five tokens of question, [SEP].
            let expected = Label.span(
              first: isInside ? 7 + first - lower : 0, last: isInside ? 7 + last - lower : 0)
            #expect(label == expected, "tokens \(first) to \(last) in \(lower)..<\(upper)")
          }
        }
      }
    }
    #expect(windows.label(nil, in: 0..<8, of: tokens, questionLength: 5) == .span(first: 0, last: 0))
  }

  @Test("a pair of RoBERTa's form has two separators and one token type")
  func robertaTemplate() throws {
    let template = SequenceTemplate(
      classification: 0, separator: 2, separatorsBetween: 2, marksSecondText: false)
    let context = (0..<3).map { Token(id: 20 + Int32($0), range: 2 * $0..<2 * $0 + 1) }
    let windows = QuestionWindows(template: template, maximumLength: 8, stride: 1)
    let cut = try #require(windows.windows(question: [10], context: context))
    #expect(cut.map(\.encoding.ids) == [[0, 10, 2, 2, 20, 21, 22, 2]])
    #expect(cut.map(\.encoding.firstSegmentLength) == [8])
    #expect(windows.label(2..<3, in: 0..<3, of: context, questionLength: 1) == .span(first: 5, last: 5))
    #expect(windows.windows(question: [10, 11, 12, 13], context: context) == nil)
  }
}
