/// An XML 1.0 element, written with its line indented; any text can be its attribute or its content.
struct XMLTag {
  private let name: String
  private let attributes: KeyValuePairs<String, String>
  private let text: String
  private let children: [XMLTag]

  init(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String = "") {
    (self.name, self.attributes, self.text, children) = (name, attributes, text, [])
  }

  init(_ name: String, _ attributes: KeyValuePairs<String, String>, children: [XMLTag]) {
    (self.name, self.attributes, text, self.children) = (name, attributes, "", children)
  }

  /// The element as a whole document.
  var document: String { "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + lines(indent: "") }

  private func lines(indent: String) -> String {
    let start = indent + "<\(name)" + attributes.map { " \($0)=\"\(Self.escape($1))\"" }.joined()
    if !children.isEmpty {
      return start + ">\n" + children.map { $0.lines(indent: indent + "  ") }.joined()
        + "\(indent)</\(name)>\n"
    }
    return start + (text.isEmpty ? "/>\n" : ">\(Self.escape(text))</\(name)>\n")
  }

  /// The text with what is markup as references, and what no XML 1.0 document may hold as U+FFFD.
  ///
  /// Line ends and tabs are references too, because a reader turns them into spaces in attributes (section 3.3.3).
  static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\t", "\n", "\r": escaped += "&#\(scalar.value);"
      // The production Char of section 2.2.
      case "\u{20}"..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}":
        escaped.unicodeScalars.append(scalar)
      default: escaped += "\u{FFFD}"
      }
    }
    return escaped
  }
}
