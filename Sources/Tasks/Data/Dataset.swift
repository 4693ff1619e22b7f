import Files
import Foundation

/// The two parts of a data set: what a model learns from, and what it is judged by.
public enum Split: String, CaseIterable, Sendable {
  case train
  case development = "dev"

  /// Base names that the split's file may have, in order of preference.
  func fileNames(_ target: TaskDefinition.Target) -> [String] {
    let names = self == .train ? ["train"] : ["dev", "validation", "test"]
    switch target {
    case .answer(mayBeMissing: true): return names + ["\(rawValue)-v2.0"]
    case .answer: return names + ["\(rawValue)-v1.1", "\(rawValue)-v2.0"]
    default: return names
    }
  }
}

/// What the model should predict for an example.
public enum Label: Equatable, Sendable {
  /// Index of the class.
  case category(Int)
  case score(Float)
  /// Indices of all labels that apply, in ascending order.
  case categories([Int])
  /// First and last token of an answer, as positions in the sequence; both 0 where it holds none.
  case span(first: Int, last: Int)
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
/// try data.prepare(.train, tokenizer: tokenizer, maximumLength: 64, to: URL(fileURLWithPath: "train.tokens"))
/// ```
///
/// Files are `train` and `dev` (or `validation`, or `test`) with an extension by the task: `tsv`, `csv` or `jsonl`,
/// `txt` for TREC, `json` for SQuAD; the first that exists in this order is taken. Examples are streamed; only SQuAD's
/// single JSON value is held as a whole.
public struct Dataset: Sendable {
  public let task: TaskDefinition
  /// The classes or labels, by index; nil where the task predicts numbers or spans.
  public let labels: LabelSet?
  /// Tokens that neighbouring windows over a long paragraph share; nil for a third of the sequence, at most 128, as
  /// 128 of 384 in transformers' `run_qa.py`.
  public var documentStride: Int?
  let files: [Split: (path: String, format: DataFormat)]

  /// Finds both files and, where the task wants that, collects the labels from the training file.
  ///
  /// - Throws: `DatasetError`.
  public init(directory: URL, task: TaskDefinition, documentStride: Int? = nil) throws {
    self.task = task
    self.documentStride = documentStride
    switch try FileStatus(directory.path, for: .open)?.kind {
    case nil: throw DatasetError.missingFolder(directory.path)
    case .directory: break
    case .regular, .special: throw DatasetError.notAFolder(directory.path)
    }
    let train = try Self.find(.train, in: directory, task)
    files = [.train: train, .development: try Self.find(.development, in: directory, task)]
    switch task.target {
    case .fixedClasses(let values, let names): labels = LabelSet(values: values, names: names)
    case .number, .answer: labels = nil
    case .collectedClasses, .collectedLabels:
      var values: Set<String> = []
      try RowReader(path: train.path, format: train.format, task: task).forEach { values.formUnion($0.labels) }
      if values.isEmpty { throw DatasetError.noLabels(file: train.path) }
      if task.target == .collectedClasses, let only = values.first, values.count == 1 {
        throw DatasetError.singleLabel(file: train.path, label: only)
      }
      labels = LabelSet(collected: values)
    }
  }

  /// What the model's head predicts.
  public var objective: Objective {
    switch task.target {
    case .fixedClasses, .collectedClasses: .classification(classCount: labels?.count ?? 0)
    case .collectedLabels: .multiLabel(labelCount: labels?.count ?? 0)
    case .number: .regression
    case .answer: .span
    }
  }

  /// Reads a split of rows in file order, holding one example at a time.
  ///
  /// - Throws: `DatasetError`, and what `body` throws.
  func forEachExample(in split: Split, _ body: (Example) throws -> Void) throws {
    guard let (path, format) = files[split] else { return }
    try RowReader(path: path, format: format, task: task).forEach { row in
      try body(Example(text: row.text, pair: row.pair, label: try label(of: row, in: path)))
    }
  }

  private func label(of row: Row, in path: String) throws -> Label {
    if let labels {
      let indices = try row.labels.map { value in
        guard let index = labels.index(of: value) else {
          throw DatasetError.unknownLabel(file: path, line: row.line, label: value, known: labels.values)
        }
        return index
      }
      if case .collectedLabels = task.target { return .categories(Set(indices).sorted()) }
      return .category(indices.first ?? 0)
    }
    let text = row.labels.first ?? ""
    guard let score = Float(text), score.isFinite else {
      throw DatasetError.unparseableNumber(file: path, line: row.line, column: row.labelColumn, text: text)
    }
    return .score(score)
  }

  /// A folder of data, and what is in it that one task or another reads.
  public static func paths(in folder: String) -> [String] {
    let stems = Set(Split.allCases.flatMap { $0.fileNames(.answer(mayBeMissing: nil)) })
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let read = names.filter {
      stems.contains(URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent)
    }
    return [folder] + read.map { "\(folder)/\($0)" }
  }

  private static func find(
    _ split: Split, in directory: URL, _ task: TaskDefinition
  ) throws(DatasetError) -> (path: String, format: DataFormat) {
    var expected: [String] = []
    for name in split.fileNames(task.target) {
      for format in task.formats {
        let file = "\(name).\(format.rawValue)"
        let path = directory.appendingPathComponent(file).path
        if FileManager.default.fileExists(atPath: path) { return (path, format) }
        expected.append(file)
      }
    }
    throw .missingFile(directory: directory.path, split: split.rawValue, expected: expected)
  }
}
