/// Columns of text under their titles, each as wide as its widest cell.
///
/// Where that is too wide, titles are broken where they have spaces or hyphens, and the cells of `prose` columns between words; names and
/// numbers never are.
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
  private static let narrowest = 13
  /// Nor titles.
  private static let shortestTitle = 9

  /// The table, every line ended.
  public func text(_ style: TextStyle) -> String {
    let cells = columns.indices.map { index in rows.reduce(0) { max($0, $1[index].text.count) } }
    var titles = columns.map { [$0.title] }
    if excess(of: widths(cells, titles), within: style.columns) > 0 {
      titles = zip(columns, cells).map { Self.broken($0.title, width: max($1, Self.shortestTitle)) }
    }
    var widths = self.widths(cells, titles)
    let excess = excess(of: widths, within: style.columns)
    let prose = columns.indices.filter { columns[$0].kind == .prose }
    if excess > 0, let widest = prose.max(by: { widths[$0] < widths[$1] }) {
      widths[widest] = max(widths[widest] - excess, Self.narrowest)
    }
    let hasTitles = columns.contains { !$0.title.isEmpty }
    let heading = hasTitles ? line(titles, columns.map { _ in .heading }, widths, style) : ""
    return rows.reduce(heading) { text, row in
      let lines = columns.indices.map { index in
        columns[index].kind == .prose
          ? TextStyle.wrap(row[index].text, columns: widths[index]) : [row[index].text]
      }
      return text + line(lines, row.map(\.tone), widths, style)
    }
  }

  private func widths(_ cells: [Int], _ titles: [[String]]) -> [Int] {
    zip(cells, titles).map { cells, title in title.reduce(cells) { max($0, $1.count) } }
  }

  private func excess(of widths: [Int], within limit: Int) -> Int {
    widths.reduce(Self.gap * (widths.count - 1), +) - limit
  }

  /// A title in lines of at most so many characters, as far as its spaces and hyphens allow.
  private static func broken(_ title: String, width: Int) -> [String] {
    var lines = [""]
    for part in title.split(separator: " ") {
      for (index, piece) in part.split(separator: "-").enumerated() {
        let isLast = piece.endIndex == part.endIndex
        let word = piece + (isLast ? "" : "-")
        let joint = index == 0 && !lines[lines.count - 1].isEmpty ? " " : ""
        if (lines[lines.count - 1] + joint + word).count <= width || lines == [""] {
          lines[lines.count - 1] += joint + word
        } else {
          lines.append(String(word))
        }
      }
    }
    return lines
  }

  /// One row, as many lines high as its highest cell.
  private func line(
    _ broken: [[String]], _ tones: [TextStyle.Tone?], _ widths: [Int], _ style: TextStyle
  ) -> String {
    let height = broken.map(\.count).max() ?? 1
    return (0..<height).map { line in
      var text = ""
      var spaces = 0
      for index in columns.indices {
        let part = line < broken[index].count ? broken[index][line] : ""
        let padding = max(0, widths[index] - part.count)
        spaces += columns[index].kind == .right ? padding : 0
        if !part.isEmpty {
          text += String(repeating: " ", count: spaces) + style.apply(tones[index], to: part)
          spaces = 0
        }
        // Spaces are written before the next text only, so no line ends in one.
        spaces += (columns[index].kind == .right ? 0 : padding) + Self.gap
      }
      return text + "\n"
    }.joined()
  }
}
