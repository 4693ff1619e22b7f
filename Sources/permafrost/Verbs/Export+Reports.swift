import Exporting
import Planning
import Reporting
import Units

/// What was written, and what it trains.
struct ExportReport: Report {
  let target: String
  let writtenFor: String
  /// The main file.
  let file: String
  let files: [String]
  let model: String
  /// Whether the trainer carries out the plan as it was given; else `differences` from it.
  let exact: Bool
  let differences: [Difference]
  let nearest: NearestReport?
  let trainable: [String]
  let retainedNodes: [Int]
  let trainableParameters: Int
  let predictedPeakBytes: Int
  let trainerPeak: TrainerPeakReport
  let notes: [String]

  init(_ export: Export, _ files: [String], asked: Plan, differences: [Difference], nearest: Export.Nearest?) {
    target = export.target.name
    writtenFor = export.target.trainer
    file = files.first ?? ""
    self.files = files
    model = export.plan.model.name
    exact = nearest == nil
    self.differences = differences
    self.nearest = nearest.map { NearestReport($0, asked: asked) }
    trainable = export.plan.trainable
    retainedNodes = export.plan.retainedNodes
    trainableParameters = export.plan.trainableParameters
    predictedPeakBytes = export.plan.predictedPeakBytes
    trainerPeak = TrainerPeakReport(export.prediction, of: export.plan)
    notes = export.notes
  }

  func text(_ style: TextStyle) -> String {
    var text = style.paragraph(
      "\(file): trains \(Quantity.count(trainableParameters)) parameters of \(model) with \(target).")
    if let nearest {
      text += style.paragraph("This is not the plan itself, but \(nearest.words).")
      text += "\n" + Difference.table(differences, target: target).text(style) + "\n"
    }
    text += style.paragraph(trainerPeak.words(target), tone: trainerPeak.fitsBudget == false ? .bad : nil)
    return text
      + style.paragraph(
        "Written for \(writtenFor). Its first lines and manifest say what to know.", tone: .quiet)
  }
}

/// Where a trainer cannot carry out a plan.
struct InexpressibleReport: Report {
  let target: String
  let model: String
  let exact = false
  let differences: [Difference]
  let nearest: NearestReport?

  init(_ target: any ExportTarget, _ plan: Plan, _ differences: [Difference], _ nearest: Export.Nearest?) {
    self.target = target.name
    model = plan.model.name
    self.differences = differences
    self.nearest = nearest.map { NearestReport($0, asked: plan) }
  }

  var exitStatus: ExitStatus { .negative }

  func text(_ style: TextStyle) -> String {
    let end =
      nearest.map { "Nearest is \($0.words). \($0.trainerPeak.words(target)) Write it with --closest." }
      ?? "There is no plan near it that \(target) can carry out within the budget."
    return style.paragraph("\(target) cannot carry this plan out, so nothing was written; it would differ in:")
      + "\n"
      + Difference.table(differences, target: target).text(style) + "\n" + style.paragraph(end)
  }
}

/// The nearest plan in a few figures.
struct NearestReport: Encodable {
  /// `subset` trains less than was asked for, `superset` more.
  let direction: Export.Nearest.Direction
  let differingParameters: Int
  let trainableParameters: Int
  let predictedPeakBytes: Int
  let budgetBytes: Int
  let headroomBytes: Int
  let trainerPeak: TrainerPeakReport

  init(_ nearest: Export.Nearest, asked: Plan) {
    direction = nearest.direction
    differingParameters = nearest.differing
    trainableParameters = nearest.plan.trainableParameters
    predictedPeakBytes = nearest.plan.predictedPeakBytes
    budgetBytes = nearest.plan.budgetBytes
    headroomBytes = nearest.plan.headroomBytes
    trainerPeak = TrainerPeakReport(nearest.prediction, of: nearest.plan)
  }

  var words: String {
    "a \(direction.rawValue) of it: \(Quantity.count(differingParameters)) parameters "
      + "\(direction == .subset ? "fewer" : "more"), predicted peak \(ByteCount.format(predictedPeakBytes, rounding: .up)), "
      + "\(ByteCount.format(headroomBytes, rounding: .down)) of the budget to spare"
  }
}

/// What a plan needs in the memory model of the trainer that carries it out, beside what it was planned by.
struct TrainerPeakReport: Encodable {
  /// nil where the trainer has no model, for the reason.
  let model: String?
  let reason: String?
  /// The trainer's whole process.
  let bytes: Int?
  let additions: [MemoryAddition]?
  /// The budget that is enough even where the prediction is low by its margin.
  let neededBudgetBytes: Int?
  let fitsBudget: Bool?
  private let planned: String
  private let budget: String

  private enum CodingKeys: CodingKey { case model, reason, bytes, additions, neededBudgetBytes, fitsBudget }

  init(_ prediction: TrainerPrediction, of plan: Plan) {
    let peak = prediction.peak
    model = peak?.model.rawValue
    if case .unknown(let why) = prediction { reason = why } else { reason = nil }
    bytes = peak?.bytes
    additions = peak?.additions
    neededBudgetBytes = peak?.budgetBytes
    fitsBudget = peak.map { $0.budgetBytes <= plan.budgetBytes }
    planned =
      "Predicted peak: \(ByteCount.format(plan.predictedPeakBytes, rounding: .up)) "
      + (plan.trainer == .permafrost
        ? "in permafrost's own engine" : "of tensors with '\(plan.trainer.rawValue)'")
    budget = ByteCount.format(plan.budgetBytes, rounding: .down)
  }

  /// Both predictions, and what the budget says to the trainer's own.
  func words(_ target: String) -> String {
    guard let bytes, let model, let fitsBudget, let neededBudgetBytes else {
      return "\(planned); none in \(target): \(reason ?? "it has no memory model")."
    }
    let parts = (additions ?? []).map { ", \($0.what) (\(ByteCount.format($0.bytes, rounding: .up))) included" }
    return "\(planned); in \(target), by the memory model of '\(model)', "
      + "\(ByteCount.format(bytes, rounding: .up)) with the process\(parts.joined()): "
      + (fitsBudget
        ? "it keeps within the budget of \(budget)."
        : "it does NOT keep within the budget of \(budget) and needs \(ByteCount.format(neededBudgetBytes, rounding: .up)).")
  }
}

extension Difference {
  /// A line for each kind of tensor; JSON has one for each tensor.
  fileprivate static func table(_ differences: [Difference], target: String) -> Table {
    var table = Table([.left("tensor"), .right("bytes"), .right("plan trains"), .right("\(target) would")])
    for difference in differences.foldedByLayer {
      table.append([
        Table.Cell(difference.name), Table.Cell(Quantity.count(difference.bytes)),
        Table.Cell(Quantity.count(difference.plannedBytes)),
        Table.Cell(Quantity.count(difference.trainedBytes)),
      ])
    }
    return table
  }
}
