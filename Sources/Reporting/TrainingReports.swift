import Graph
import Planning
import Steps
import Training
import Units

/// What priming found: where the weights moved.
public struct PrimeReport: Report {
  private let scoresFile: String
  private let steps: Int
  private let secondsPerStep: Double
  private let measuredPeakBytes: Int
  private let groups: [Group]

  private struct Group: Encodable, Sendable {
    let name: String
    let score: Double
    /// Of the total.
    let share: Double
  }

  public init(_ scores: Scores, of graph: EncoderGraph, file: String, training: TrainingReport) {
    scoresFile = file
    steps = training.steps
    secondsPerStep = training.secondsPerStep
    measuredPeakBytes = training.measuredPeakBytes
    let total = scores.captured(by: .full(graph), of: graph)
    groups = graph.groups.map { group in
      var selection = Selection.frozen(graph)
      selection.train(group, of: graph)
      let score = scores.captured(by: selection, of: graph)
      return Group(name: group.name, score: score, share: total > 0 ? score / total : 0)
    }.sorted { ($0.score, $1.name) > ($1.score, $0.name) }
  }

  public func text(_ style: TextStyle) -> String {
    var table = Table([.left("group"), .right("score"), .right("share")])
    for group in groups.prefix(12) {
      table.append([
        Table.Cell(group.name), Table.Cell(Quantity.fixed(group.score, decimals: 2)),
        Table.Cell(Quantity.percent(group.share)),
      ])
    }
    let rest = groups.dropFirst(12).reduce(0) { $0 + $1.share }
    if rest > 0 {
      table.append([
        Table.Cell("\(groups.count - 12) more"), "", Table.Cell(Quantity.percent(rest)),
      ])
    }
    return style.paragraph(
      "Primed for \(Quantity.count(steps)) steps of \(Quantity.duration(seconds: secondsPerStep)) "
        + "in \(ByteCount.format(measuredPeakBytes, rounding: .up)); scores are in \(scoresFile).",
      tone: .heading)
      + "\n" + table.text(style)
  }
}

/// What a finished training run came to.
public struct TrainReport: Report {
  private let directory: String
  private let training: TrainingReport

  public init(_ training: TrainingReport, directory: String) {
    self.training = training
    self.directory = directory
  }

  public func text(_ style: TextStyle) -> String {
    var facts: [(String, String)] = training.scores.map {
      ($0.metric.rawValue, Quantity.fixed($0.value, decimals: 4))
    }
    if training.keptStep < training.steps {
      facts.append(("weights", "of step \(Quantity.count(training.keptStep)), the best evaluation"))
    }
    facts.append(
      (
        "time per step",
        "\(Quantity.duration(seconds: training.secondsPerStep)), \(Quantity.count(Int(training.tokensPerSecond))) tokens/s"
      ))
    if let seconds = training.secondsToFirstStep {
      facts.append(("first step", "\(Quantity.duration(seconds: seconds)) after the training process's start"))
    }
    if let first = training.firstLoss, let last = training.lastLoss {
      facts.append(("loss", "\(Quantity.fixed(first, decimals: 4)) to \(Quantity.fixed(last, decimals: 4))"))
    }
    facts.append(
      ("peak", ByteCount.format(training.measuredPeakBytes, rounding: .up) + " in the arena and mapped"))
    let since = training.resumedFrom.map { ", going on from step \(Quantity.count($0))" } ?? ""
    var text =
      style.paragraph(
        "Trained \(Quantity.count(training.steps)) steps on \(Quantity.count(training.examples)) examples\(since); the checkpoint is in \(directory).",
        tone: .heading) + "\n" + Table.pairs(facts).text(style)
    if training.evaluations.count > 1 { text += "\n" + evaluations.text(style) }
    return text
  }

  private var evaluations: Table {
    let metrics = training.evaluations.first?.scores.map(\.metric.rawValue) ?? []
    var table = Table([.right("step"), .right("loss")] + metrics.map { .right($0) })
    for evaluation in training.evaluations {
      table.append(
        [Table.Cell(Quantity.count(evaluation.step)), Table.Cell(Quantity.fixed(evaluation.loss, decimals: 4))]
          + evaluation.scores.map { Table.Cell(Quantity.fixed($0.value, decimals: 4)) })
    }
    return table
  }
}
