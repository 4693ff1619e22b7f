import Planning
import Units

/// A sweep as an SVG plot: score against peak bytes and, where a device says how fast it is, against time.
public struct SweepPlot {
  private let sweep: Sweep
  private let panels: [PlotPanel]

  public init(_ sweep: Sweep) {
    self.sweep = sweep
    let isTimed = sweep.points.contains { $0.plan?.estimatedStepSeconds != nil }
    panels = isTimed ? [PlotPanel(sweep, .bytes), PlotPanel(sweep, .time)] : [PlotPanel(sweep, .bytes)]
  }

  private static let margin = 24.0
  private static let headHeight = 72.0
  private static let lineHeight = 20.0

  /// The whole file.
  public func svg() -> String {
    let width = Double(panels.count) * (PlotPanel.width + Self.margin) + Self.margin
    let legendTop = Self.headHeight + PlotPanel.height + Self.margin
    let rows = (legend.count + panels.count - 1) / panels.count
    let height = legendTop + Double(rows) * Self.lineHeight + (rows > 0 ? Self.margin : 0)
    let size = (XMLTag.coordinate(width), XMLTag.coordinate(height))
    var children = [
      XMLTag("title", ["id": "title"], text: title),
      XMLTag("desc", ["id": "desc"], text: description),
      XMLTag("style", text: Self.style),
      XMLTag("rect", ["class": "paper", "width": size.0, "height": size.1]),
      text(title, x: Self.margin, y: 30, class: "heading"),
    ]
    children += key
    for (index, panel) in panels.enumerated() {
      let left = Self.margin + Double(index) * (PlotPanel.width + Self.margin)
      children.append(panel.element(x: left, y: Self.headHeight))
    }
    for (index, series) in legend.enumerated() {
      let x = Self.margin + Double(index / rows) * (PlotPanel.width + Self.margin)
      let y = legendTop + Double(index % rows) * Self.lineHeight
      children.append(PlotMark(series: index).element(x: x + 6, y: y, .front))
      children.append(text(series, x: x + 18, y: y + 4, class: "label"))
    }
    return XMLTag(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(size.0) \(size.1)", "width": size.0,
        "height": size.1, "role": "img", "aria-labelledby": "title desc",
      ], children
    ).document
  }

  private var title: String {
    let against = panels.count > 1 ? "memory and time" : "memory"
    let subject = sweep.series.count == 1 ? sweep.series[0].title : "\(sweep.series.count) models and devices"
    return "\(subject): score captured against \(against)"
  }

  /// What the plot shows, for those who cannot see it.
  private var description: String {
    sweep.series.indices.map { index in
      let series = sweep.series[index]
      let points = sweep.points(of: index)
      let ends = points.compactMap(\.plan).sorted { $0.objective < $1.objective }
      guard let worst = ends.first, let best = ends.last else { return "\(series.title): nothing fits." }
      func words(_ plan: SweepPoint.Summary) -> String {
        "\(Quantity.percent(plan.objective)) at \(ByteCount.format(plan.peakBytes, rounding: .up))"
      }
      return
        "\(series.title), \(series.recipe.shapeWords): \(ends.count) of \(points.count) points feasible, "
        + "from \(words(worst)) to \(words(best))."
    }.joined(separator: " ")
  }

  /// Names of the series, where there are several.
  private var legend: [String] { sweep.series.count > 1 ? sweep.series.map(\.title) : [] }

  /// What filled, hollow and crossed marks mean.
  private var key: [XMLTag] {
    var kinds: [(PlotMark.Kind, String)] = [(.front, "on the front"), (.dominated, "dominated")]
    if sweep.points.contains(where: { $0.plan == nil }) { kinds.append((.infeasible, "budget too small")) }
    return kinds.enumerated().flatMap { index, kind in
      let x = Self.margin + 6 + Double(index) * 120
      return [
        PlotMark(series: nil).element(x: x, y: 52, kind.0),
        text(kind.1, x: x + 12, y: 56, class: "label"),
      ]
    }
  }

  private func text(_ text: String, x: Double, y: Double, class name: String) -> XMLTag {
    XMLTag(
      "text", ["class": name, "x": XMLTag.coordinate(x), "y": XMLTag.coordinate(y)], text: text)
  }

  private static let style = """
    text { font: 13px system-ui, sans-serif; fill: #222 } .heading { font-size: 16px; font-weight: 600 } \
    .tick { font-size: 12px; fill: #555 } .paper { fill: #fff } .grid { stroke: #e4e4e4 } \
    .frame { fill: none; stroke: #888 } .line { fill: none; stroke-width: 1.5; opacity: 0.6 } \
    .mark, .key { stroke-width: 1.5 } .infeasible { stroke: #888; stroke-width: 1.5; fill: none }
    """
}
