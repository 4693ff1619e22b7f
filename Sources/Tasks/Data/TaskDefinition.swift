/// What a model learns from a data set: where the texts and labels stand, what the labels are, how it is scored.
public struct TaskDefinition: Equatable, Sendable {
  /// What the head predicts.
  public enum Target: Equatable, Sendable {
    /// One of these classes; the names are for people, the values are what the files hold.
    case fixedClasses(values: [String], names: [String])
    /// One of the labels that the training file holds.
    case collectedClasses
    /// Any of the labels that the training file holds; a cell lists an example's with this between them, or as a
    /// JSON array.
    case collectedLabels(separator: Character)
    /// A number.
    case number
    /// Where in a paragraph the answer to a question stands, if it does.
    ///
    /// `mayBeMissing`: whether questions may have no answer; nil lets the file say.
    case answer(mayBeMissing: Bool?)
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

  /// Zero-based positions of the columns in a file without a header.
  struct Positions: Equatable, Sendable {
    let text: Int
    let label: Int
  }

  public let name: String
  public let target: Target
  public let columns: Columns
  /// Set where lines have no header above them.
  let headerlessPositions: Positions?
  /// The formats that data may have, in order of preference.
  let formats: [DataFormat]
  /// What evaluation reports, the headline metric first; higher is better for all of them.
  public let metrics: [Metric]

  public var headline: Metric { metrics[0] }

  init(
    name: String, target: Target, columns: Columns = Columns(), positions: Positions? = nil,
    formats: [DataFormat] = DataFormat.tables, metrics: [Metric]
  ) {
    self.name = name
    self.target = target
    self.columns = columns
    headerlessPositions = positions
    self.formats = formats
    self.metrics = metrics
  }

  /// Names that `named(_:columns:labelSeparator:)` knows.
  public static let names = [
    "cola", "sst2", "mrpc", "stsb", "trec", "squad", "squad2", "classification", "multilabel", "regression",
  ]

  /// The task of that name.
  ///
  /// - Parameters:
  ///   - columns: replaces the default columns of `classification`, `multilabel` and `regression`; the others have
  ///     their own.
  ///   - labelSeparator: what stands between the labels of one example of `multilabel`.
  /// - Throws: `DatasetError.unknownTask`.
  public static func named(
    _ name: String, columns: Columns = Columns(), labelSeparator: Character = ","
  ) throws(DatasetError) -> TaskDefinition {
    switch name {
    case "cola": .cola
    case "sst2": .sst2
    case "mrpc": .mrpc
    case "stsb": .stsb
    case "trec": .trec
    case "squad": .squad
    case "squad2": .squad2
    case "classification": .classification(columns: columns)
    case "multilabel": .multiLabel(columns: columns, separator: labelSeparator)
    case "regression": .regression(columns: columns)
    default: throw .unknownTask(name, known: names)
    }
  }
}
