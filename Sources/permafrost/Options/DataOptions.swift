import ArgumentParser
import Foundation
import Graph
import Tasks

/// Labelled examples and how they are laid out.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A folder with train and dev files (TSV, CSV or JSONL).", valueName: "dir"))
  var data: String?

  @Option(help: ArgumentHelp("The task: \(TaskDefinition.names.joined(separator: ", ")).", valueName: "task"))
  var task: String?

  @Option(help: "The column of the text, for the tasks 'classification' and 'regression'.")
  var textColumn: String?

  @Option(help: "The column of the second text of a pair.")
  var pairColumn: String?

  @Option(help: "The column of the label or score.")
  var labelColumn: String?

  /// - Parameter fallback: the task where the options name none.
  /// - Throws: `DatasetError`, `ValidationError`.
  func dataset(fallback: String?) throws -> Dataset? {
    guard let data else { return nil }
    var columns = TaskDefinition.Columns()
    if let textColumn { columns.text = [textColumn] }
    if let pairColumn { columns.pair = [pairColumn] }
    if let labelColumn { columns.label = [labelColumn] }
    let definition = try TaskDefinition.named(task ?? fallback ?? "classification", columns: columns)
    return try Dataset(directory: URL(fileURLWithPath: data, isDirectory: true), task: definition)
  }
}

extension Dataset {
  /// What a head must predict for these labels.
  var problem: Problem { labels.map { .classification(labels: $0.count) } ?? .regression }
}
