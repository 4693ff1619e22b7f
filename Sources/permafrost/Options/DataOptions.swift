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

  @Option(help: "The column of the text, for the tasks 'classification', 'multilabel' and 'regression'.")
  var textColumn: String?

  @Option(help: "The column of the second text of a pair.")
  var pairColumn: String?

  @Option(help: "The column of the label, labels or score.")
  var labelColumn: String?

  @Option(
    help: "What stands between the labels of one example, for the task 'multilabel'.",
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
    var columns = TaskDefinition.Columns()
    if let textColumn { columns.text = [textColumn] }
    if let pairColumn { columns.pair = [pairColumn] }
    if let labelColumn { columns.label = [labelColumn] }
    let definition = try TaskDefinition.named(
      task ?? fallback ?? "classification", columns: columns, labelSeparator: labelSeparator)
    return try Dataset(
      directory: URL(fileURLWithPath: data, isDirectory: true), task: definition, documentStride: docStride)
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

/// How long and how fast to train.
struct ScheduleOptions: ParsableArguments {
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Optimizer steps.", valueName: "n"),
    transform: Accepted.count(Accepted.steps))
  var steps: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Passes over the training data, instead of steps.", valueName: "e"),
    transform: Accepted.count(Accepted.epochs))
  var epochs: Int?

  @Option(
    parsing: .unconditional,
    help: "Largest learning rate, reached after a tenth of the steps; it then falls to zero in a line.",
    transform: Accepted.rate)
  var learningRate = 1e-4

  @Option(help: "Seed of the order of examples, the dropout masks and fresh tensors.")
  var seed: UInt64 = 0

  func validate() throws {
    if steps != nil, epochs != nil {
      throw ValidationError("'--steps' and '--epochs' exclude each other; give one")
    }
  }

  /// - Parameter fallback: the steps where neither is given; nil means one epoch.
  func count(examples: Int?, batch: Int, fallback: Int? = nil) -> Int {
    if let steps { return steps }
    guard let examples else { return fallback ?? 3 }
    let sampler = BatchSampler(exampleCount: examples, batchSize: batch, order: .sequential)
    if epochs == nil, let fallback { return fallback }
    return sampler.steps(inEpochs: epochs ?? 1)
  }
}
