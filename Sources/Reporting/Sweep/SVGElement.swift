import Units

/// An element of an SVG file, whose text and attributes are escaped.
struct SVGElement {
  private let name: String
  private let attributes: [(String, String)]
  private let text: String
  private let children: [SVGElement]

  init(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String = "") {
    (self.name, self.text, children) = (name, text, [])
    self.attributes = attributes.map { ($0.key, $0.value) }
  }

  init(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: [SVGElement]) {
    (self.name, text, self.children) = (name, "", children)
    self.attributes = attributes.map { ($0.key, $0.value) }
  }

  /// The element as a file of its own.
  var document: String { "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + markup(indent: "") }

  private func markup(indent: String) -> String {
    let start = attributes.reduce("\(indent)<\(name)") { "\($0) \($1.0)=\"\(Self.escaped($1.1))\"" }
    guard !children.isEmpty else {
      return start + (text.isEmpty ? "/>\n" : ">\(Self.escaped(text))</\(name)>\n")
    }
    return start + ">\n" + children.map { $0.markup(indent: indent + " ") }.joined() + "\(indent)</\(name)>\n"
  }

  /// Text that XML 1.0 (section 2.2 and 2.4) takes as characters; what it allows nowhere is replaced.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n", "\r", " "..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}":
        result.unicodeScalars.append(scalar)
      default: result += "\u{FFFD}"
      }
    }
    return result
  }

  /// A coordinate, to a tenth of a pixel.
  static func number(_ value: Double) -> String { Quantity.fixed(value, decimals: 1) }
}
