/// Columns of text under their titles, each as wide as its widest cell.
///
/// Where that is too wide, the cells of `prose` columns are broken between words; names and numbers never are.
///
///     var table = Table([.left("device"), .right("budget")])
///     table.append(["raspberry-pi-zero-2w", "345.0 MiB"])
///     print(table.text(TextStyle(columns: 80)), terminator: "")
public struct Table: Sendable {
  public enum Kind: Sendable { case left, right, prose }

  public struct Column: Sendable {
    public let title: String
    public let kind: Kind

    public static func left(_ title: String) -> Column { Column(title: title, kind: .left) }
    public static func right(_ title: String) -> Column { Column(title: title, kind: .right) }
    public static func prose(_ title: String) -> Column { Column(title: title, kind: .prose) }
  }

  public struct Cell: Sendable, ExpressibleByStringInterpolation {
    public let text: String
    public let tone: TextStyle.Tone?

    public init(_ text: String, _ tone: TextStyle.Tone? = nil) {
      self.text = text
      self.tone = tone
    }

    public init(stringLiteral text: String) { self.init(text) }
  }

  private let columns: [Column]
  private var rows: [[Cell]] = []

  public init(_ columns: [Column]) { self.columns = columns }

  /// A table without titles: names and what they are.
  public static func pairs(_ pairs: [(String, String)]) -> Table {
    var table = Table([.left(""), .prose("")])
    for (name, value) in pairs { table.append([Cell(name), Cell(value)]) }
    return table
  }

  /// Adds a row; missing cells at its end are empty.
  public mutating func append(_ cells: [Cell]) {
    precondition(cells.count <= columns.count, "\(cells.count) cells for \(columns.count) columns")
    rows.append(cells + Array(repeating: "", count: columns.count - cells.count))
  }

  public var isEmpty: Bool { rows.isEmpty }

  private static let gap = 2
  /// Prose is not broken into lines shorter than this.
  private static let narrowest = 20

  /// The table, every line ended.
  public func text(_ style: TextStyle) -> String {
    let hasTitles = columns.contains { !$0.title.isEmpty }
    let titles = hasTitles ? [columns.map { Cell($0.title, .heading) }] : []
    let widths = self.widths(within: style.columns)
    return (titles + rows).map { line($0, widths, style) }.joined()
  }

  /// Natural widths; what is too much is taken from the prose.
  private func widths(within limit: Int) -> [Int] {
    var widths = columns.indices.map { index in
      rows.reduce(columns[index].title.count) { max($0, $1[index].text.count) }
    }
    let excess = widths.reduce(Self.gap * (widths.count - 1), +) - limit
    let prose = columns.indices.filter { columns[$0].kind == .prose }
    if excess > 0, let widest = prose.max(by: { widths[$0] < widths[$1] }) {
      widths[widest] = max(widths[widest] - excess, Self.narrowest)
    }
    return widths
  }

  private func line(_ cells: [Cell], _ widths: [Int], _ style: TextStyle) -> String {
    let broken = zip(cells, zip(widths, columns)).map { cell, shape in
      shape.1.kind == .prose ? TextStyle.wrap(cell.text, columns: shape.0) : [cell.text]
    }
    let height = broken.map(\.count).max() ?? 1
    return (0..<height).map { line in
      var text = ""
      var spaces = 0
      for index in columns.indices {
        let part = line < broken[index].count ? broken[index][line] : ""
        let padding = max(0, widths[index] - part.count)
        spaces += columns[index].kind == .right ? padding : 0
        if !part.isEmpty {
          text += String(repeating: " ", count: spaces) + style.apply(cells[index].tone, to: part)
          spaces = 0
        }
        // Spaces are written before the next text only, so no line ends in one.
        spaces += (columns[index].kind == .right ? 0 : padding) + Self.gap
      }
      return text + "\n"
    }.joined()
  }
}
