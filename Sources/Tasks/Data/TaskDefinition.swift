/// What a model learns from a data set: where the texts and labels stand, what the labels are, how it is scored.
public struct TaskDefinition: Equatable, Sendable {
  /// What the head predicts.
  public enum Target: Equatable, Sendable {
    /// One of these classes; the names are for people, the values are what the files hold.
    case fixedClasses(values: [String], names: [String])
    /// One of the labels that the training file holds.
    case collectedClasses
    /// A number.
    case number
  }

  /// Acceptable names of each column; the first that a file has is taken.
  public struct Columns: Equatable, Sendable {
    public var text: [String]
    /// The second text of a pair; empty for tasks on single texts.
    public var pair: [String]
    public var label: [String]

    public init(text: [String] = ["text", "sentence"], pair: [String] = [], label: [String] = ["label"]) {
      (self.text, self.pair, self.label) = (text, pair, label)
    }
  }

  /// Zero-based positions of the columns in a TSV file without a header.
  struct Positions: Equatable, Sendable {
    let text: Int
    let label: Int
  }

  public let name: String
  public let target: Target
  public let columns: Columns
  /// Set where TSV files have no header.
  let headerlessPositions: Positions?
  /// What evaluation reports, the headline metric first; higher is better for all of them.
  public let metrics: [Metric]

  public var headline: Metric { metrics[0] }

  init(name: String, target: Target, columns: Columns, positions: Positions? = nil, metrics: [Metric]) {
    self.name = name
    self.target = target
    self.columns = columns
    headerlessPositions = positions
    self.metrics = metrics
  }

  /// Classes collected from the training file; TSV, CSV or JSONL with named columns.
  public static func classification(columns: Columns = Columns()) -> TaskDefinition {
    TaskDefinition(
      name: "classification", target: .collectedClasses, columns: columns, metrics: [.accuracy, .macroF1])
  }

  /// Numbers; TSV, CSV or JSONL with named columns.
  public static func regression(columns: Columns = Columns()) -> TaskDefinition {
    TaskDefinition(name: "regression", target: .number, columns: columns, metrics: [.pearson, .spearman])
  }

  /// Names that `named(_:columns:)` knows.
  public static let names = ["cola", "sst2", "mrpc", "stsb", "classification", "regression"]

  /// The task of that name.
  ///
  /// `columns` replaces the default columns of `classification` and `regression`; the others have their own.
  ///
  /// - Throws: `DatasetError.unknownTask`.
  public static func named(
    _ name: String, columns: Columns = Columns()
  ) throws(DatasetError) -> TaskDefinition {
    switch name {
    case "cola": .cola
    case "sst2": .sst2
    case "mrpc": .mrpc
    case "stsb": .stsb
    case "classification": .classification(columns: columns)
    case "regression": .regression(columns: columns)
    default: throw .unknownTask(name, known: names)
    }
  }
}

/// The four tasks of GLUE (Wang et al., 2019, https://gluebenchmark.com/tasks) that fit small machines, as their
/// files are distributed, or as CSV and JSONL with the column names of the Hugging Face copy. Metrics are GLUE's.
extension TaskDefinition {
  /// The Corpus of Linguistic Acceptability: whether a sentence is grammatical.
  public static let cola = TaskDefinition(
    name: "cola", target: .fixedClasses(values: ["0", "1"], names: ["unacceptable", "acceptable"]),
    columns: Columns(text: ["sentence"]), positions: Positions(text: 3, label: 1),
    metrics: [.matthews, .accuracy])

  /// The Stanford Sentiment Treebank: whether a sentence from a film review praises.
  public static let sst2 = TaskDefinition(
    name: "sst2", target: .fixedClasses(values: ["0", "1"], names: ["negative", "positive"]),
    columns: Columns(text: ["sentence"]), metrics: [.accuracy])

  /// The Microsoft Research Paraphrase Corpus: whether both sentences say the same.
  public static let mrpc = TaskDefinition(
    name: "mrpc", target: .fixedClasses(values: ["0", "1"], names: ["not_equivalent", "equivalent"]),
    columns: Columns(
      text: ["#1 String", "sentence1"], pair: ["#2 String", "sentence2"], label: ["Quality", "label"]),
    metrics: [.accuracy, .f1])

  /// The Semantic Textual Similarity benchmark: how alike both sentences are, from 0 to 5.
  public static let stsb = TaskDefinition(
    name: "stsb", target: .number,
    columns: Columns(text: ["sentence1"], pair: ["sentence2"], label: ["score", "label"]),
    metrics: [.pearsonSpearman, .pearson, .spearman])
}
