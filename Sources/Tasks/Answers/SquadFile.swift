import Files
import Foundation

/// A question about a paragraph, as SQuAD's files have it.
struct Question: Equatable {
  let id: String
  let text: String
  /// The answers that people gave, the one to train on first; none where the paragraph has no answer.
  let answers: [String]
  /// Where the first answer stands, in UTF-8 offsets into the paragraph.
  let span: Range<Int>?
}

/// SQuAD's JSON (https://rajpurkar.github.io/SQuAD-explorer/): `data`, an array of articles of `paragraphs`, each with
/// a `context` and `qas`.
struct SquadFile {
  let path: String
  /// Whether questions may have no answer: a version 2, or a question that says `is_impossible`.
  let mayBeMissing: Bool
  private let paragraphs: [(place: String, value: JSONValue)]

  /// Reads and holds the whole file.
  ///
  /// - Parameter mayBeMissing: nil to find out.
  /// - Throws: `DatasetError`.
  init(path: String, mayBeMissing: Bool?) throws {
    self.path = path
    let file: TextFile
    do {
      file = try TextFile(path)
    } catch {
      throw DatasetError.unreadable(error)
    }
    let json: JSONValue
    do {
      json = try JSONValue(parsing: Array(file.bytes), strings: .texts)
    } catch let error as JSONError {
      let before = file.bytes.prefix(error.offset)
      let line = before.count { $0 == 0x0A } + 1
      if error.reason == .notUTF8 {
        let column = error.offset - (before.lastIndex(of: 0x0A) ?? -1)
        throw DatasetError.invalidEncoding(file: path, line: line, column: column)
      }
      throw DatasetError.malformedQuestion(
        file: path, question: "line \(line)", reason: "not JSON: \(error.reason); download the file again")
    }
    var paragraphs: [(place: String, value: JSONValue)] = []
    for (article, value) in try Self.elements(json["data"], "data", path, "the file").enumerated() {
      let place = "article \(article)"
      for (paragraph, value) in try Self.elements(value["paragraphs"], "paragraphs", path, place).enumerated() {
        paragraphs.append(("\(place), paragraph \(paragraph)", value))
      }
    }
    self.paragraphs = paragraphs
    self.mayBeMissing =
      try mayBeMissing
      ?? (json["version"]?.scalarText?.drop { $0 == "v" }.first == "2"
        || paragraphs.contains { place, value in
          try Self.elements(value["qas"], "qas", path, place).contains { $0["is_impossible"]?.bool == true }
        })
  }

  /// Calls `body` for every paragraph in order, with its questions.
  ///
  /// - Throws: `DatasetError`, and what `body` throws.
  func forEachParagraph(_ body: (_ context: String, _ questions: [Question]) throws -> Void) throws {
    var isEmpty = true
    for (place, value) in paragraphs {
      guard let context = value["context"]?.string else { throw malformed(place, "no text 'context'") }
      let questions = try Self.elements(value["qas"], "qas", path, place).enumerated().map { index, value in
        try question(value, in: context, place: "\(place), question \(index)")
      }
      if questions.isEmpty { continue }
      isEmpty = false
      try body(context, questions)
    }
    if isEmpty { throw DatasetError.empty(file: path) }
  }

  private func question(_ value: JSONValue, in context: String, place: String) throws -> Question {
    guard let id = value["id"]?.scalarText else { throw malformed(place, "no 'id'") }
    let name = "question '\(id)'"
    guard let text = value["question"]?.string else { throw malformed(name, "no text 'question'") }
    var span: Range<Int>?
    let answers = try Self.elements(value["answers"], "answers", path, name).enumerated().map { index, answer in
      guard let text = answer["text"]?.string else { throw malformed(name, "an answer without 'text'") }
      if index == 0 {
        guard let start = answer["answer_start"]?.integer,
          let found = Self.range(of: text, at: start, in: context)
        else {
          throw malformed(
            name, "the paragraph does not reach from 'answer_start' to the answer's end; correct it")
        }
        span = found
      }
      return text
    }
    if answers.isEmpty && !mayBeMissing {
      throw malformed(name, "no answer; choose the task squad2 for questions that may have none")
    }
    // As run_qa.py: white space before a question is of no use.
    let trimmed = String(String.UnicodeScalarView(text.unicodeScalars.drop(while: \.isPythonWhitespace)))
    return Question(id: id, text: trimmed, answers: answers, span: span)
  }

  /// UTF-8 offsets of as many code points as `text` has, from the code point `start` on; nil where they end before.
  private static func range(of text: String, at start: Int, in context: String) -> Range<Int>? {
    let scalars = context.unicodeScalars
    guard start >= 0,
      let lower = scalars.index(scalars.startIndex, offsetBy: start, limitedBy: scalars.endIndex),
      let upper = scalars.index(lower, offsetBy: text.unicodeScalars.count, limitedBy: scalars.endIndex),
      lower < upper
    else { return nil }
    func offset(_ index: String.Index) -> Int { context.utf8.distance(from: context.startIndex, to: index) }
    return offset(lower)..<offset(upper)
  }

  private static func elements(
    _ value: JSONValue?, _ name: String, _ path: String, _ place: String
  ) throws -> [JSONValue] {
    guard let elements = value?.elements else {
      throw DatasetError.malformedQuestion(
        file: path, question: place, reason: "no array '\(name)'; SQuAD's own format is needed")
    }
    return elements
  }

  private func malformed(_ place: String, _ reason: String) -> DatasetError {
    .malformedQuestion(file: path, question: place, reason: reason)
  }
}
