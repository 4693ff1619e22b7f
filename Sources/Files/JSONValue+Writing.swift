extension JSONValue {
  /// The text without white space, on one line.
  package var compact: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let text): text
    case .string(let text): Self.escape(text)
    case .array(let elements): "[" + elements.map(\.compact).joined(separator: ",") + "]"
    case .object(let object):
      "{" + object.members.map { Self.escape($0.key) + ":" + $0.value.compact }.joined(separator: ",") + "}"
    }
  }

  /// The text with one member or element a line, indented by two spaces, as Hugging Face writes `config.json`.
  package func indented(_ margin: String = "") -> String {
    let inner = margin + "  "
    func block(_ open: String, _ lines: [String], _ close: String) -> String {
      lines.isEmpty
        ? open + close : open + "\n" + lines.map { inner + $0 }.joined(separator: ",\n") + "\n" + margin + close
    }
    return switch self {
    case .array(let elements): block("[", elements.map { $0.indented(inner) }, "]")
    case .object(let object):
      block("{", object.members.map { Self.escape($0.key) + ": " + $0.value.indented(inner) }, "}")
    default: compact
    }
  }

  private static func escape(_ text: String) -> String {
    var escaped = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": escaped += "\\\""
      case "\\": escaped += "\\\\"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped + "\""
  }
}
