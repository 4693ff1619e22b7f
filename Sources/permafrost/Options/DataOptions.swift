import ArgumentParser
import Foundation
import Graph
import Tasks

/// Labelled examples and how they are laid out.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A folder with train and dev files (TSV, CSV or JSONL; TREC's txt, SQuAD's json).", valueName: "dir"))
  var data: String?

  @Option(help: ArgumentHelp("The task: \(TaskDefinition.names.joined(separator: ", ")).", valueName: "task"))
  var task: String?

  @Option(
    help:
      "The column of the text, for the tasks 'classification', 'multilabel' and 'regression' (text, else sentence)."
  )
  var textColumn: String?

  @Option(help: "The column of the second text of a pair, if there is one.")
  var pairColumn: String?

  @Option(help: "The column of the label, labels or score of these tasks (label).")
  var labelColumn: String?

  @Option(
    help: "What stands between the labels of one example, for the task 'multilabel' (,).",
    transform: { text in
      guard let separator = text.first, text.count == 1 else {
        throw ValidationError("'\(text)' is not one character; accepted is one, such as '|'")
      }
      return separator
    })
  var labelSeparator: Character = ","

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Tokens that neighbouring windows over a paragraph share, for 'squad'; by default a third of the sequence, at most 128.",
      valueName: "n"),
    transform: Accepted.count(Accepted.strides))
  var docStride: Int?

  /// - Parameter fallback: the task where the options name none.
  /// - Throws: `DatasetError`, `ValidationError`.
  func dataset(fallback: String?) throws -> Dataset? {
    guard let data else { return nil }
    if data.isEmpty { throw DatasetError.missingFolder(data) }
    let name = task ?? fallback ?? "classification"
    var columns = TaskDefinition.Columns()
    if let textColumn { columns.text = [textColumn] }
    if let pairColumn { columns.pair = [pairColumn] }
    if let labelColumn { columns.label = [labelColumn] }
    let definition = try TaskDefinition.named(
      name, columns: columns, labelSeparator: labelSeparator)
    try checkUse(by: definition)
    return try Dataset(
      directory: URL(fileURLWithPath: data, isDirectory: true), task: definition, documentStride: docStride)
  }

  /// An option that the task has no use for is a mistake about one of the two.
  private func checkUse(by task: TaskDefinition) throws {
    func refuse(_ options: [(name: String, isGiven: Bool)], _ reason: String) throws {
      guard let option = options.first(where: \.isGiven) else { return }
      throw ValidationError("'\(option.name)' does not go with '\(task.name)', \(reason)")
    }
    let readsParagraphs = if case .answer = task.target { true } else { false }
    let readsLists = if case .collectedLabels = task.target { true } else { false }
    if !readsParagraphs {
      try refuse([("--doc-stride", docStride != nil)], "which has no paragraphs to read in windows")
    }
    if !readsLists {
      try refuse([("--label-separator", labelSeparator != ",")], "whose examples have no lists of labels")
    }
    if !task.takesColumns {
      try refuse(
        [
          ("--text-column", textColumn != nil), ("--pair-column", pairColumn != nil),
          ("--label-column", labelColumn != nil),
        ], "whose files have columns of their own")
    }
  }
}

extension Dataset {
  /// What a head must predict for these labels.
  var problem: Problem {
    switch objective {
    case .classification(let count): .classification(labels: count)
    case .regression: .regression
    case .multiLabel(let count): .multiLabel(labels: count)
    case .span: .span
    }
  }
}
