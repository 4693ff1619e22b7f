import Foundation

/// The two parts of a data set: what a model learns from, and what it is judged by.
public enum Split: String, CaseIterable, Sendable {
  case train
  case development = "dev"

  /// Base names that the split's file may have, in order of preference.
  var fileNames: [String] { self == .train ? ["train"] : ["dev", "validation", "test"] }
}

/// What the model should predict for an example.
public enum Label: Equatable, Sendable {
  /// Index of the class.
  case category(Int)
  case score(Float)
}

/// One text, or a pair of texts, with its label.
public struct Example: Equatable, Sendable {
  public let text: String
  public let pair: String?
  public let label: Label
}

/// A directory with a training file and a development file, read as a task says.
///
/// ```swift
/// let data = try Dataset(directory: URL(fileURLWithPath: "Examples/home-commands"), task: .classification())
/// try data.forEachExample(in: .train) { print($0.text, $0.label) }
/// ```
///
/// Files are `train` and `dev` (or `validation`, or `test`) with the extension `tsv`, `csv` or `jsonl`; the first
/// that exists in this order is taken. They are streamed, never held as a whole.
public struct Dataset: Sendable {
  public let task: TaskDefinition
  /// The classes, by index; nil where the task predicts numbers.
  public let labels: LabelSet?
  private let files: [Split: (path: String, format: TableFormat)]

  /// Finds both files and, where the task wants that, collects the labels from the training file.
  ///
  /// - Throws: `DatasetError`.
  public init(directory: URL, task: TaskDefinition) throws {
    self.task = task
    let train = try Self.find(.train, in: directory)
    files = [.train: train, .development: try Self.find(.development, in: directory)]
    switch task.target {
    case .fixedClasses(let values, let names): labels = LabelSet(values: values, names: names)
    case .number: labels = nil
    case .collectedClasses:
      var values: Set<String> = []
      try RowReader(path: train.path, format: train.format, task: task).forEach { values.insert($0.label) }
      if let only = values.first, values.count == 1 {
        throw DatasetError.singleLabel(file: train.path, label: only)
      }
      labels = LabelSet(collected: values)
    }
  }

  /// Reads a split in file order, holding one example at a time.
  ///
  /// - Throws: `DatasetError`, and what `body` throws.
  public func forEachExample(in split: Split, _ body: (Example) throws -> Void) throws {
    guard let (path, format) = files[split] else { return }
    try RowReader(path: path, format: format, task: task).forEach { row in
      try body(Example(text: row.text, pair: row.pair, label: try label(of: row, in: path)))
    }
  }

  private func label(of row: Row, in path: String) throws -> Label {
    if let labels {
      guard let index = labels.index(of: row.label) else {
        throw DatasetError.unknownLabel(file: path, line: row.line, label: row.label, known: labels.values)
      }
      return .category(index)
    }
    guard let score = Float(row.label), score.isFinite else {
      throw DatasetError.unparseableNumber(
        file: path, line: row.line, column: row.labelColumn, text: row.label)
    }
    return .score(score)
  }

  private static func find(_ split: Split, in directory: URL) throws(DatasetError) -> (
    path: String, format: TableFormat
  ) {
    var expected: [String] = []
    for name in split.fileNames {
      for format in TableFormat.allCases {
        let file = "\(name).\(format.rawValue)"
        let path = directory.appendingPathComponent(file).path
        if FileManager.default.fileExists(atPath: path) { return (path, format) }
        expected.append(file)
      }
    }
    throw .missingFile(directory: directory.path, split: split.rawValue, expected: expected)
  }
}
