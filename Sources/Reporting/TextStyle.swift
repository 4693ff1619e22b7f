/// How text for people is laid out: the width to keep to, and whether tones are coloured.
public struct TextStyle: Sendable, Hashable {
  public var columns: Int
  public var isColored: Bool

  public init(columns: Int = 100, isColored: Bool = false) {
    self.columns = columns
    self.isColored = isColored
  }

  /// What suits a stream.
  public init(_ terminal: Terminal) {
    self.init(columns: terminal.columns, isColored: terminal.isColored)
  }

  /// What a piece of text means, which decides its colour on a terminal that has them.
  public enum Tone: Int, Sendable {
    case heading = 1
    case quiet = 2
    case bad = 31
    case good = 32
  }

  /// The text in a tone, by an ECMA-48 escape sequence (select graphic rendition).
  public func apply(_ tone: Tone?, to text: String) -> String {
    guard let tone, isColored, !text.isEmpty else { return text }
    return "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m"
  }

  /// Breaks a text between words into lines of at most so many characters; longer words, such as addresses, stay whole.
  public static func wrap(_ text: String, columns: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > columns {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return lines + [line]
  }

  /// A paragraph within the width.
  public func paragraph(_ text: String, indent: Int = 0, tone: Tone? = nil) -> String {
    let margin = String(repeating: " ", count: indent)
    return Self.wrap(text, columns: columns - indent).map { margin + apply(tone, to: $0) + "\n" }.joined()
  }
}
