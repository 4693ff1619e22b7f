import Graph
import Steps
import Units

extension PlanDiff {
  public func text(_ style: TextStyle) -> String {
    let title = style.paragraph("from \(before.printable) to \(after.printable)", tone: .heading)
    let tables = [settingTable, groupTable, nodeTable].filter { !$0.isEmpty }.map { $0.text(style) }
    let parts = [title] + tables + [outside(style), figureTable.text(style), score(style), verdict(style)]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private func verdict(_ style: TextStyle) -> String {
    style.paragraph(
      equal
        ? "Both plans decide the same."
        : "\(Quantity.count(begins.count, of: "tensor")) trained anew, \(ceases.count) no more; "
          + "nodes change in \(Quantity.count(nodes.count, of: "layer")).",
      tone: equal ? .good : .heading)
  }

  private var settingTable: Table {
    var table = Table([.left("setting"), .prose("before"), .prose("after")])
    for setting in settings {
      // A hash is told from another by its beginning.
      let limit = setting.name.lowercased().hasSuffix("identity") ? 12 : Int.max
      let values = [setting.before, setting.after].map { String(($0?.printable ?? "none").prefix(limit)) }
      table.append([Table.Cell(setting.name)] + values.map { Table.Cell($0) })
    }
    return table
  }

  // MARK: What trains

  /// The layers from the last, with the kinds of group that change anywhere.
  private var groupTable: Table {
    let inLayers = groups.filter { $0.layer != nil }
    let kinds = GroupKind.allCases.filter { kind in inLayers.contains { $0.kind == kind } }
    var table = Table([.left("layer")] + kinds.map { .left($0.label) })
    for layer in Set(inLayers.compactMap(\.layer)).sorted(by: >) {
      let cells = kinds.map { kind in
        inLayers.first { $0.layer == layer && $0.kind == kind }.map { Table.Cell(Self.change($0)) } ?? ""
      }
      table.append([Table.Cell("\(layer)")] + cells)
    }
    return table
  }

  private func outside(_ style: TextStyle) -> String {
    let changed = groups.filter { $0.layer == nil }
    guard !changed.isEmpty else { return "" }
    return style.paragraph(changed.map { "\($0.name) \(Self.change($0))" }.joined(separator: ", "))
  }

  private static func change(_ group: Group) -> String {
    "\(group.before ?? "absent") → \(group.after ?? "absent")"
  }

  private var nodeTable: Table {
    var table = Table([.left("layer"), .right("nodes before"), .right("after"), .right("in both")])
    for layer in nodes.reversed() {
      table.append([
        Table.Cell("\(layer.layer)"), Table.Cell(Quantity.count(layer.before)),
        Table.Cell(Quantity.count(layer.after)), Table.Cell(layer.common.map(Quantity.count) ?? ""),
      ])
    }
    return table
  }

  // MARK: What it does

  private var figureTable: Table {
    var table = Table([.left(""), .right("before"), .right("after"), .right("change")])
    func append(_ name: String, _ figure: Figure, _ print: (Int) -> String) {
      let sign = figure.change > 0 ? "+" : ""
      table.append([
        Table.Cell(name), Table.Cell(print(figure.before)), Table.Cell(print(figure.after)),
        Table.Cell(figure.change == 0 ? "" : sign + print(figure.change)),
      ])
    }
    let bytes = ByteCount.formatExactly
    append("predicted peak", figures.predictedPeakBytes, bytes)
    append("arena", figures.arenaBytes, bytes)
    append("mapped weights", figures.mappedBytes, bytes)
    for category in BufferCategory.allCases {
      guard let figure = categories[category.rawValue], figure.before != 0 || figure.after != 0 else {
        continue
      }
      append("  \(category.rawValue) at the peak", figure, bytes)
    }
    append("runtime", figures.runtimeBytes, bytes)
    append("budget", figures.budgetBytes, bytes)
    append("trainable parameters", figures.trainableParameters, Quantity.count)
    append("operations a step", figures.operations) { Quantity.flops(Double($0)) }
    return table
  }

  private func score(_ style: TextStyle) -> String {
    func words(_ score: Score) -> String {
      let name = score.metric.flatMap { $0 == .given ? nil : $0.rawValue } ?? score.origin?.rawValue
      let origin = name.map { " of the score by \($0)" } ?? " of the score"
      return "\(Quantity.percent(score.objective))\(origin), \(score.status.words)"
    }
    let text = "Captured, each by its own file: \(words(captured.before)); then \(words(captured.after))."
    return style.paragraph(
      captured.comparable ? text : text + " The two are shares of different scores and do not compare.")
  }
}
