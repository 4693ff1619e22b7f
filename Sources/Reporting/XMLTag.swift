/// An XML 1.0 element, written with its line indented; any text can be its attribute or its content.
struct XMLTag {
  private let name: String
  private let attributes: KeyValuePairs<String, String>
  private let text: String
  private let children: [XMLTag]

  init(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String = "") {
    (self.name, self.attributes, self.text, children) = (name, attributes, text, [])
  }

  init(_ name: String, _ attributes: KeyValuePairs<String, String>, _ children: [XMLTag]) {
    (self.name, self.attributes, text, self.children) = (name, attributes, "", children)
  }

  /// The element as a whole document.
  var document: String { "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + lines(indent: "") }

  private func lines(indent: String) -> String {
    let start =
      indent + "<\(name)" + attributes.map { " \($0)=\"\(Self.escaped($1, inAttribute: true))\"" }.joined()
    guard !children.isEmpty else {
      return start + (text.isEmpty ? "/>\n" : ">\(Self.escaped(text, inAttribute: false))</\(name)>\n")
    }
    return start + ">\n" + children.map { $0.lines(indent: indent + " ") }.joined() + "\(indent)</\(name)>\n"
  }

  /// The text with what is markup as references, and what no XML 1.0 document may hold as U+FFFD.
  ///
  /// A reader turns line ends and tabs of an attribute into spaces (section 3.3.3), and a carriage return anywhere into a line feed (2.11): those
  /// are references too.
  private static func escaped(_ text: String, inAttribute: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n", "\r":
        let survives = scalar != "\r" && !inAttribute
        result += survives ? String(scalar) : "&#\(scalar.value);"
      // The production Char of section 2.2.
      case "\u{20}"..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}":
        result.unicodeScalars.append(scalar)
      default: result += "\u{FFFD}"
      }
    }
    return result
  }
}
