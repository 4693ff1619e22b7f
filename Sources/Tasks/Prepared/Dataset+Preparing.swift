import Foundation

/// What preparing a split came to.
public struct PreparationSummary: Equatable, Sendable {
  /// Sequences; a question about a long paragraph makes several.
  public internal(set) var exampleCount = 0
  public internal(set) var tokenCount = 0
  /// Examples that lost tokens to the maximum length.
  public internal(set) var truncatedCount = 0
  /// Tokens of the longest example: the sequence length that batches really need.
  public internal(set) var longestLength = 0

  mutating func add(_ encoding: Encoding) {
    exampleCount += 1
    tokenCount += encoding.ids.count
    truncatedCount += encoding.isTruncated ? 1 : 0
    longestLength = max(longestLength, encoding.ids.count)
  }
}

extension Dataset {
  /// Tokenizes a split into one file for `PreparedData`, an example at a time; beside that of a development split of
  /// questions another one holds what judging their answers takes.
  ///
  /// - Throws: `DatasetError`, `TokenizerError` or `PreparedDataError`; the destination is then untouched.
  @discardableResult
  public func prepare(
    _ split: Split, tokenizer: any Tokenizer, maximumLength: Int, to destination: URL
  ) throws -> PreparationSummary {
    var summary = PreparationSummary()
    var writer = try PreparedDataWriter(
      destination: destination, objective: objective, vocabularySize: tokenizer.vocabularySize,
      paddingID: tokenizer.paddingID, maximumLength: maximumLength)
    func append(_ encoding: Encoding, _ label: Label, to writer: inout PreparedDataWriter) throws {
      try writer.append(ids: encoding.ids, firstSegmentLength: encoding.firstSegmentLength, label: label)
      summary.add(encoding)
    }
    if case .answer(let mayBeMissing) = task.target, let path = files[split]?.path {
      let file = try SquadFile(path: path, mayBeMissing: mayBeMissing)
      let questions =
        try split == .development
        ? QuestionWriter(besides: destination.path, mayBeMissing: file.mayBeMissing) : nil
      let windows = QuestionWindows(
        template: tokenizer.template, maximumLength: maximumLength,
        stride: documentStride ?? min(128, maximumLength / 3))
      try windows.forEachQuestion(of: file, tokenizer) { record, sequences in
        for (encoding, label) in sequences { try append(encoding, label, to: &writer) }
        try questions?.append(record)
      }
      try questions?.finish()
    } else {
      try forEachExample(in: split) { example in
        let encoding = try tokenizer.encode(example.text, example.pair, maximumLength: maximumLength)
        try append(encoding, example.label, to: &writer)
      }
    }
    try writer.finish()
    return summary
  }
}

extension QuestionWindows {
  /// Tokenizes a file's paragraphs and questions in order; every question comes with its windows and their labels.
  fileprivate func forEachQuestion(
    of file: SquadFile, _ tokenizer: any Tokenizer,
    _ body: (QuestionRecord, [(encoding: Encoding, label: Label)]) throws -> Void
  ) throws {
    try file.forEachParagraph { context, questions in
      let tokens = tokenizer.tokenize(context)
      let offsets = tokens.flatMap { [$0.range.lowerBound, $0.range.upperBound] }
      for question in questions {
        let ids = tokenizer.tokenize(question.text).map(\.id)
        guard let windows = windows(question: ids, context: tokens) else {
          throw DatasetError.malformedQuestion(
            file: file.path, question: "question '\(question.id)'",
            reason:
              "its \(ids.count) tokens leave no room for the paragraph among \(maximumLength); raise --seq")
        }
        let record = QuestionRecord(
          id: question.id, context: context, answers: question.answers,
          contextStart: template.secondStart(after: ids.count), offsets: offsets,
          bounds: windows.flatMap { [$0.tokens.lowerBound, $0.tokens.upperBound] })
        try body(
          record,
          windows.map { window in
            (window.encoding, label(question.span, in: window.tokens, of: tokens, questionLength: ids.count))
          })
      }
    }
  }
}
