import Foundation
import Testing

@testable import Tasks

@Suite("Scoring logits")
struct ScorerTests {
  /// Prepared examples of three tokens with these labels.
  private func withPrepared(
    _ labels: [Label], _ objective: Objective, _ body: (PreparedData) throws -> Void
  ) throws {
    try withDirectory { directory in
      let url = directory.appendingPathComponent("x.tokens")
      var writer = try PreparedDataWriter(
        destination: url, objective: objective, vocabularySize: 9, paddingID: 0, maximumLength: 3)
      for label in labels { try writer.append(ids: [1, 2, 3], firstSegmentLength: 3, label: label) }
      try writer.finish()
      try body(PreparedData(opening: url))
    }
  }

  private func score(
    _ data: PreparedData, _ task: TaskDefinition, _ logits: [[Float]]
  ) throws -> (scores: [Score], predictions: String) {
    var scorer = try Scorer(data, task: task, keepsPredictions: true)
    for (index, row) in logits.enumerated() { try scorer.add(data[index], logits: row) }
    return (try scorer.scores(), scorer.predictions)
  }

  @Test("the largest logit is the class, a single one the number, and positive ones the labels")
  func kinds() throws {
    try withPrepared([.category(1), .category(0)], .classification(classCount: 2)) { data in
      let result = try score(data, .sst2, [[0.5, 2], [-3, -1]])
      #expect(result.scores == [Score(metric: .accuracy, value: 0.5)])
      #expect(result.predictions == "1\t0.5\t2.0\n0\t-3.0\t-1.0\n")
    }
    try withPrepared([.score(1.5), .score(2), .score(3)], .regression) { data in
      let result = try score(data, .regression(), [[1], [3], [2]])
      #expect(result.scores.map(\.metric) == [.pearson, .spearman] && result.scores[1].value == 0.5)
      #expect(result.predictions == "1.5\t1.0\n2.0\t3.0\n3.0\t2.0\n")
    }
    try withPrepared([.categories([0, 2]), .categories([])], .multiLabel(labelCount: 3)) { data in
      let result = try score(data, .multiLabel(), [[1, -1, 0.25], [0, 2, -1]])
      #expect(result.scores.map(\.metric) == [.microF1, .macroF1, .exactMatch])
      #expect(result.scores.map(\.value) == [0.8, 2.0 / 3, 0.5])
      #expect(result.predictions == "0,2\t1.0\t-1.0\t0.25\n\t0.0\t2.0\t-1.0\n")
    }
  }

  /// Two questions, of one and of two windows, about the word "on" at position 1 of three.
  private static let lines = [
    #"{"version":1,"mayBeMissing":false}"#,
    #"{"id":"a/b","context":"on","answers":["on"],"contextStart":1,"offsets":[0,2],"bounds":[0,1]}"#,
    #"{"id":"b","context":"on","answers":["off"],"contextStart":1,"offsets":[0,2],"bounds":[0,1,0,1]}"#,
  ]

  private func answer(_ lines: [String], windows: Int = 3) throws -> (scores: [Score], predictions: String) {
    var result: (scores: [Score], predictions: String) = ([], "")
    try withPrepared(Array(repeating: .span(first: 1, last: 1), count: windows), .span) { data in
      let text = lines.map { $0 + "\n" }.joined()
      try Data(text.utf8).write(to: URL(fileURLWithPath: QuestionFile.path(besides: data.path)))
      result = try score(data, .squad, Array(repeating: [0, 0, 1, 1, 0, 0], count: windows))
    }
    return result
  }

  @Test("questions are answered from all their windows, in a JSON object by id")
  func questions() throws {
    let result = try answer(Self.lines)
    #expect(
      result.scores == [Score(metric: .answerF1, value: 0.5), Score(metric: .exactMatch, value: 0.5)])
    #expect(result.predictions == "{\n  \"a/b\": \"on\",\n  \"b\": \"on\"\n}\n")
  }

  @Test("a file of questions that does not go with its windows is refused")
  func mismatches() throws {
    var other = Self.lines
    for (changed, reason) in [
      (Array(Self.lines.dropLast()), "windows of no question are prepared"),
      (Self.lines + [Self.lines[1]], "no window of question 'a/b' is prepared"),
      ([], "no examples"), ([#"{"version":9,"mayBeMissing":true}"#], "format version 9"),
      ([Self.lines[0], "{}"], "line 2: not a question as this program writes them"),
    ] {
      let error = #expect(throws: PreparedDataError.self) { try answer(changed) }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
    #expect(throws: PreparedDataError.self) { try answer(Self.lines, windows: 2) }
    for damage in [
      ("[0,2]", "[0,3]"), ("[0,2]", "[2,0]"), ("[0,2]", "[0]"), ("\"contextStart\":1", "\"contextStart\":0"),
      ("\"contextStart\":1", "\"contextStart\":3"), ("[0,1,0,1]", "[0,1,0,2]"), ("[0,1,0,1]", "[]"),
    ] {
      other = Self.lines
      other[2] = other[2].replacingOccurrences(of: damage.0, with: damage.1)
      #expect(throws: PreparedDataError.self, "\(other[2])") { try answer(other) }
    }
  }

  @Test("a question longer than a block of the file is read whole")
  func longLines() throws {
    var lines = Self.lines
    lines[1] = lines[1].replacingOccurrences(
      of: "\"context\":\"on\"", with: "\"context\":\"on\(String(repeating: " ", count: 200_000))\"")
    #expect(try answer(lines).scores.first?.value == 0.5)
  }
}
