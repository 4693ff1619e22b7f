import Units

/// How the points of a series are drawn: by colour and by shape, as not everybody tells colours apart.
struct PlotMark {
  enum Kind: String { case front, dominated, infeasible }

  /// nil for the key, which speaks of no series.
  let series: Int?

  /// Okabe and Ito's colours for all kinds of vision (https://jfly.uni-koeln.de/color/), the darker ones first.
  private static let colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]
  private static let shapes = [
    "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z", "M-4 -4H4V4H-4z", "M0 -5.5L5.5 0L0 5.5L-5.5 0z",
    "M0 -5L5 4H-5z", "M0 5L5 -4H-5z",
  ]
  private static let cross = "M-4 -4L4 4M-4 4L4 -4"

  var color: String { series.map { Self.colors[$0 % Self.colors.count] } ?? "#444" }

  private var shape: String { Self.shapes[(series ?? 0) % Self.shapes.count] }

  /// - Parameter title: what the point is; shown by browsers when a pointer rests on it.
  func element(x: Double, y: Double, _ kind: Kind, title: String? = nil) -> XMLTag {
    let place = "translate(\(XMLTag.coordinate(x)) \(XMLTag.coordinate(y)))"
    let children = title.map { [XMLTag("title", text: $0)] } ?? []
    // Marks that stand for no point are called otherwise, so that points can be counted.
    let name =
      title == nil ? "key \(kind.rawValue)" : kind == .infeasible ? "infeasible" : "mark \(kind.rawValue)"
    guard kind != .infeasible else {
      return XMLTag("path", ["class": name, "transform": place, "d": Self.cross], children)
    }
    return XMLTag(
      "path",
      [
        "class": name, "transform": place, "d": shape, "stroke": color, "fill": kind == .front ? color : "#fff",
      ], children)
  }
}

extension XMLTag {
  /// A coordinate, to a tenth of a pixel.
  static func coordinate(_ value: Double) -> String { Quantity.fixed(value, decimals: 1) }
}
