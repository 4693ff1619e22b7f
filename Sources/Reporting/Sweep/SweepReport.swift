import Planning
import Units

/// A sweep, or a shard of one: a table for each series.
///
/// As JSON it is the sweep file itself.
public struct SweepReport: Report {
  public let sweep: Sweep

  public init(_ sweep: Sweep) { self.sweep = sweep }

  /// No where nothing fits anywhere; a shard is only a part of the answer.
  public var exitStatus: ExitStatus {
    sweep.shard.isWhole && sweep.points.allSatisfy { $0.plan == nil } ? .negative : .success
  }

  public func encode(to encoder: any Encoder) throws { try sweep.encode(to: encoder) }

  public func text(_ style: TextStyle) -> String {
    let tables = sweep.series.indices.compactMap { index in
      let points = sweep.points(of: index)
      return points.isEmpty ? nil : text(sweep.series[index], points, style)
    }
    return tables.joined(separator: "\n") + "\n" + style.paragraph(summary)
  }

  private func text(_ series: Sweep.Series, _ points: [SweepPoint], _ style: TextStyle) -> String {
    let title = "\(series.title): \(series.recipe.shapeWords)"
    let isTimed = series.isTimed
    var table = Table(
      [.right("budget"), .right("peak"), .right("score"), .right("at most")] + (isTimed ? [.right("step")] : [])
        + [.right("trains"), .prose("saving"), .left(sweep.shard.isWhole ? "front" : "")])
    for point in points { table.append(cells(point, isTimed: isTimed)) }
    let least = points.compactMap(\.smallestFeasibleBudgetBytes).first.map {
      style.paragraph(
        "Nothing fits below \(ByteCount.format($0, rounding: .up)) (\(ByteCount.formatExactly($0))).",
        tone: .bad)
    }
    let slow = series.maximumStepSeconds.flatMap { limit in
      points.contains(where: \.isTooSlow)
        ? style.paragraph(
          "No step is as quick as \(Quantity.duration(seconds: limit)), the limit that was given in time or energy.",
          tone: .bad) : nil
    }
    return style.paragraph(title, tone: .heading) + table.text(style) + (least ?? slow ?? "")
  }

  private func cells(_ point: SweepPoint, isTimed: Bool) -> [Table.Cell] {
    let budget = Table.Cell(Self.mebibytes(point.budgetBytes))
    guard let plan = point.plan else { return [budget, Table.Cell("infeasible", .bad)] }
    let fronts = plan.fronts ?? []
    let time =
      isTimed ? [Table.Cell(plan.estimatedStepSeconds.map { Quantity.duration(seconds: $0) } ?? "")] : []
    let score = Table.Cell(Quantity.percent(plan.objective), fronts.isEmpty ? nil : .good)
    return [
      budget, Table.Cell(Self.mebibytes(plan.peakBytes)), score, Table.Cell(Quantity.percent(plan.bound)),
    ]
      + time
      + [
        Table.Cell(Quantity.approximateCount(plan.trainableParameters)), Table.Cell("\(plan.saving)"),
        Table.Cell(fronts.count == Front.allCases.count ? "both" : fronts.map(\.rawValue).joined()),
      ]
  }

  /// In one unit throughout and to the nearest tenth, so that columns compare, and no peak is printed above its budget.
  private static func mebibytes(_ bytes: Int) -> String {
    "\(Quantity.fixed(Double(bytes) / Double(1 << 20), decimals: 1)) MiB"
  }

  private var summary: String {
    let feasible = sweep.points.compactMap(\.plan)
    var words = "\(feasible.count) of \(sweep.points.count) points feasible"
    guard sweep.shard.isWhole else {
      return "Shard \(sweep.shard): \(words); 'permafrost merge' puts the shards together."
    }
    func count(_ front: Front) -> Int { feasible.count { $0.fronts?.contains(front) ?? false } }
    words += ", \(count(.bytes)) on the front of score against bytes"
    if feasible.contains(where: { $0.estimatedStepSeconds != nil }) {
      words += ", \(count(.time)) against time"
    }
    return words + "."
  }
}

extension Sweep.Series {
  /// What to call it.
  var title: String {
    (device.map { "\(model) on \($0)" } ?? model) + (trainer == .permafrost ? "" : " with \(trainer.rawValue)")
  }
}
