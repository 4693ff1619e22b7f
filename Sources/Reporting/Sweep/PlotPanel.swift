import Planning
import Units

/// One panel of a sweep's plot: the score against what it costs.
struct PlotPanel {
  static let width = 480.0
  static let height = 380.0
  /// Room for the ticks and titles of the axes.
  private static let left = 56.0
  private static let bottom = 48.0
  private static let top = 8.0
  private static let right = 12.0

  private let sweep: Sweep
  private let front: Front
  private let cost: PlotAxis
  private let score = PlotAxis.percent("score captured")

  init(_ sweep: Sweep, _ front: Front) {
    self.sweep = sweep
    self.front = front
    let plans = sweep.points.compactMap(\.plan)
    switch front {
    case .bytes:
      let budgets = sweep.points.filter { $0.plan == nil }.map(\.budgetBytes)
      let kibibyte = 1024.0
      cost = PlotAxis(
        "peak of the process", values: (plans.map(\.peakBytes) + budgets).map(Double.init),
        units: [
          ("B", 1), ("KiB", kibibyte), ("MiB", kibibyte * kibibyte), ("GiB", kibibyte * kibibyte * kibibyte),
        ])
    case .time:
      cost = PlotAxis(
        "estimated time of a step", values: plans.compactMap(\.estimatedStepSeconds),
        units: [("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("min", 60), ("h", 3600)])
    }
  }

  func element(x: Double, y: Double) -> XMLTag {
    let lines = sweep.series.indices.compactMap(frontLine)
    let marks = sweep.points.sorted { rank($0) < rank($1) }.compactMap(mark)
    return XMLTag(
      "g", ["transform": "translate(\(XMLTag.coordinate(x)) \(XMLTag.coordinate(y)))"],
      grid + titles + lines + marks)
  }

  // MARK: Places

  private func x(_ value: Double) -> Double {
    Self.left + cost.position(value) * (Self.width - Self.left - Self.right)
  }

  private func y(_ value: Double) -> Double {
    Self.height - Self.bottom - score.position(value) * (Self.height - Self.bottom - Self.top)
  }

  private func place(_ plan: SweepPoint.Summary) -> (x: Double, y: Double)? {
    let price = front == .bytes ? Double(plan.peakBytes) : plan.estimatedStepSeconds
    return price.map { (x($0), y(plan.objective)) }
  }

  // MARK: Axes

  private var grid: [XMLTag] {
    let (west, east) = (Self.left, Self.width - Self.right)
    let (north, south) = (Self.top, Self.height - Self.bottom)
    let columns = cost.ticks.flatMap { tick in
      [line(x(tick), north, x(tick), south), label(cost.label(tick), x(tick), south + 18, "middle")]
    }
    let rows = score.ticks.flatMap { tick in
      [line(west, y(tick), east, y(tick)), label(score.label(tick), west - 8, y(tick) + 4, "end")]
    }
    let frame = XMLTag(
      "rect",
      [
        "class": "frame", "x": XMLTag.coordinate(west), "y": XMLTag.coordinate(north),
        "width": XMLTag.coordinate(east - west), "height": XMLTag.coordinate(south - north),
      ])
    return columns + rows + [frame]
  }

  private var titles: [XMLTag] {
    let (middle, center) = (
      (Self.left + Self.width - Self.right) / 2, (Self.top + Self.height - Self.bottom) / 2
    )
    return [
      XMLTag(
        "text",
        [
          "x": XMLTag.coordinate(middle), "y": XMLTag.coordinate(Self.height - 8), "text-anchor": "middle",
        ], text: cost.title),
      XMLTag(
        "text",
        ["transform": "translate(12 \(XMLTag.coordinate(center))) rotate(-90)", "text-anchor": "middle"],
        text: score.title),
    ]
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> XMLTag {
    XMLTag(
      "line",
      [
        "class": "grid", "x1": XMLTag.coordinate(x1), "y1": XMLTag.coordinate(y1), "x2": XMLTag.coordinate(x2),
        "y2": XMLTag.coordinate(y2),
      ])
  }

  private func label(_ text: String, _ x: Double, _ y: Double, _ anchor: String) -> XMLTag {
    XMLTag(
      "text",
      ["class": "tick", "x": XMLTag.coordinate(x), "y": XMLTag.coordinate(y), "text-anchor": anchor], text: text
    )
  }

  // MARK: Data

  /// The most that is captured for each price: a step up at every point of the front.
  private func frontLine(_ series: Int) -> XMLTag? {
    let plans = sweep.points(of: series).compactMap(\.plan)
    let members = plans.filter { $0.fronts?.contains(front) ?? false }
    let places = members.compactMap(place).sorted { $0.x < $1.x }
    guard let first = places.first, let end = plans.compactMap({ place($0)?.x }).max() else { return nil }
    let steps = places.dropFirst().map { "H\(XMLTag.coordinate($0.x))V\(XMLTag.coordinate($0.y))" }
    return XMLTag(
      "path",
      [
        "class": "line", "stroke": PlotMark(series: series).color,
        "d": "M\(XMLTag.coordinate(first.x)) \(XMLTag.coordinate(first.y))\(steps.joined())"
          + "H\(XMLTag.coordinate(end))",
      ])
  }

  /// What is drawn later lies above.
  private func rank(_ point: SweepPoint) -> Int {
    guard let plan = point.plan else { return 0 }
    return plan.fronts?.contains(front) ?? false ? 2 : 1
  }

  private func mark(_ point: SweepPoint) -> XMLTag? {
    let name =
      "\(sweep.series[point.series].title), budget \(ByteCount.format(point.budgetBytes, rounding: .down))"
    let mark = PlotMark(series: point.series)
    guard let plan = point.plan else {
      guard front == .bytes else { return nil }
      return mark.element(
        x: x(Double(point.budgetBytes)), y: y(0), .infeasible, title: "\(name): nothing fits")
    }
    guard let place = place(plan) else { return nil }
    let time = plan.estimatedStepSeconds.map { ", \(Quantity.duration(seconds: $0)) a step" } ?? ""
    return mark.element(
      x: place.x, y: place.y, rank(point) == 2 ? .front : .dominated,
      title: "\(name): \(Quantity.percent(plan.objective)) at a peak of "
        + "\(ByteCount.format(plan.peakBytes, rounding: .up))\(time), saving \(plan.saving)")
  }
}
