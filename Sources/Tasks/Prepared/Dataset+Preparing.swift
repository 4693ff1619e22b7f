import Foundation

/// What preparing a split came to.
public struct PreparationSummary: Equatable, Sendable {
  public internal(set) var exampleCount = 0
  public internal(set) var tokenCount = 0
  /// Examples that lost tokens to the maximum length.
  public internal(set) var truncatedCount = 0
  /// Tokens of the longest example: the sequence length that batches really need.
  public internal(set) var longestLength = 0
}

extension Dataset {
  /// What the model's head predicts.
  public var objective: Objective {
    labels.map { .classification(classCount: $0.count) } ?? .regression
  }

  /// Tokenizes a split into one file for `PreparedData`, an example at a time.
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
    try forEachExample(in: split) { example in
      let encoding = try tokenizer.encode(example.text, example.pair, maximumLength: maximumLength)
      try writer.append(
        ids: encoding.ids, firstSegmentLength: encoding.firstSegmentLength, label: example.label)
      summary.exampleCount += 1
      summary.tokenCount += encoding.ids.count
      summary.truncatedCount += encoding.isTruncated ? 1 : 0
      summary.longestLength = max(summary.longestLength, encoding.ids.count)
    }
    try writer.finish()
    return summary
  }
}
