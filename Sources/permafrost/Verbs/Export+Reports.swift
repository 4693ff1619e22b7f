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
    notes = export.notes
  }

  func text(_ style: TextStyle) -> String {
    var text = style.paragraph(
      "\(file): trains \(Quantity.count(trainableParameters)) parameters of \(model) with \(target).")
    if let nearest {
      text += style.paragraph("This is not the plan itself, but \(nearest.words).")
      text += "\n" + Difference.table(differences, target: target).text(style)
    }
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
      nearest.map { "Nearest is \($0.words). Write that with --closest." }
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

  init(_ nearest: Export.Nearest, asked: Plan) {
    direction = nearest.direction
    differingParameters = nearest.differing
    trainableParameters = nearest.plan.trainableParameters
    predictedPeakBytes = nearest.plan.predictedPeakBytes
    budgetBytes = nearest.plan.budgetBytes
    headroomBytes = nearest.plan.headroomBytes
  }

  var words: String {
    "a \(direction.rawValue) of it: \(Quantity.count(differingParameters)) parameters "
      + "\(direction == .subset ? "fewer" : "more"), predicted peak \(ByteCount.format(predictedPeakBytes, rounding: .up)), "
      + "\(ByteCount.format(headroomBytes, rounding: .down)) of the budget to spare"
  }
}

extension Difference {
  fileprivate static func table(_ differences: [Difference], target: String) -> Table {
    var table = Table([.left("tensor"), .right("bytes"), .right("the plan trains"), .right("\(target) would")])
    for difference in differences {
      table.append([
        Table.Cell(difference.name), Table.Cell(Quantity.count(difference.bytes)),
        Table.Cell(Quantity.count(difference.plannedBytes)),
        Table.Cell(Quantity.count(difference.trainedBytes)),
      ])
    }
    return table
  }
}
