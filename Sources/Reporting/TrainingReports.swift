import Planning
import Training
import Units

/// What a finished training run came to.
public struct TrainReport: Report {
  private let directory: String
  private let training: TrainingReport
  private let plan: Plan

  private enum CodingKeys: String, CodingKey { case directory, training }

  public init(_ training: TrainingReport, of plan: Plan, directory: String) {
    self.training = training
    self.plan = plan
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
    if let resident = training.residentPeakBytes {
      let free = plan.mappedFree ? ", mapped weights not counted" : ""
      facts.append(
        (
          "resident",
          "at most \(ByteCount.format(resident, rounding: .up)); the plan's budget is "
            + "\(ByteCount.format(plan.budgetBytes, rounding: .down))\(free)"
        ))
    }
    let since = training.resumedFrom.map { ", going on from step \(Quantity.count($0))" } ?? ""
    var text =
      style.paragraph(
        "Trained \(Quantity.count(training.steps, of: "step")) on \(Quantity.count(training.examples, of: "example"))"
          + "\(since); the checkpoint is in \(directory).",
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
