/// Tasks on data of your own: TSV, CSV or JSONL with named columns.
extension TaskDefinition {
  /// Classes collected from the training file.
  public static func classification(columns: Columns = Columns()) -> TaskDefinition {
    TaskDefinition(
      name: "classification", target: .collectedClasses, columns: columns, metrics: [.accuracy, .macroF1])
  }

  /// Any number of labels an example, collected from the training file.
  public static func multiLabel(columns: Columns = Columns(), separator: Character = ",") -> TaskDefinition {
    TaskDefinition(
      name: "multilabel", target: .collectedLabels(separator: separator), columns: columns,
      metrics: [.microF1, .macroF1, .exactMatch])
  }

  /// Numbers.
  public static func regression(columns: Columns = Columns()) -> TaskDefinition {
    TaskDefinition(name: "regression", target: .number, columns: columns, metrics: [.pearson, .spearman])
  }

  /// Whether ``named(_:columns:labelSeparator:)`` gives the task the columns that it is told.
  public var takesColumns: Bool { ["classification", "multilabel", "regression"].contains(name) }
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

extension TaskDefinition {
  /// TREC's questions (Li and Roth, "Learning Question Classifiers", COLING 2002) by their coarse class, numbered as
  /// in the Hugging Face copy.
  public static let trec = TaskDefinition(
    name: "trec",
    target: .fixedClasses(
      values: ["ABBR", "ENTY", "DESC", "HUM", "LOC", "NUM"],
      names: ["abbreviation", "entity", "description", "human", "location", "number"]),
    positions: Positions(text: 1, label: 0), formats: [.trec], metrics: [.accuracy, .macroF1])

  /// Answers as spans of a paragraph: SQuAD 1.1 (Rajpurkar et al., arXiv 1606.05250), or 2.0 where the file says so.
  public static let squad = TaskDefinition(
    name: "squad", target: .answer(mayBeMissing: nil), formats: [.squad], metrics: answerMetrics)

  /// SQuAD 2.0 (Rajpurkar et al., arXiv 1806.03822), whose questions may have no answer.
  public static let squad2 = TaskDefinition(
    name: "squad2", target: .answer(mayBeMissing: true), formats: [.squad], metrics: answerMetrics)

  private static let answerMetrics: [Metric] = [.answerF1, .exactMatch, .bestAnswerF1, .bestExactMatch]
}
