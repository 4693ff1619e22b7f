import Foundation

/// Values as Python source: ASCII, safe for any text.
enum Python {
  /// A string literal on one line; `None` for nil.
  ///
  /// Escapes are Python's (https://docs.python.org/3/reference/lexical_analysis.html#escape-sequences). JSON's would not
  /// do: Python reads a pair of surrogate escapes as two characters.
  static func literal(_ text: String?) -> String {
    guard let text else { return "None" }
    return "\"" + text.unicodeScalars.map(escaped).joined() + "\""
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\"", "\\": return "\\\(scalar)"
    case " "..."~": return "\(scalar)"
    default:
      let digits = String(scalar.value, radix: 16)
      return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }
  }

  /// A tuple of numbers: `(3, 4)`, and `(3,)` for a single one.
  static func tuple(_ numbers: [Int]) -> String {
    "(" + numbers.map(String.init).joined(separator: ", ") + (numbers.count == 1 ? ",)" : ")")
  }

  /// A list of rising numbers, runs written as ranges: `[0, 3, *range(7, 90)]`.
  static func list(rising numbers: [Int], indentation: String) -> String {
    let items = numbers.runs.flatMap { run in
      run.count > 2 ? ["*range(\(run.lowerBound), \(run.upperBound + 1))"] : run.map(String.init)
    }
    return "[" + wrapped(items, indentation: indentation) + "]"
  }

  /// Items between commas, on as many lines of at most `width` characters as they need.
  private static func wrapped(_ items: [String], indentation: String, width: Int = 112) -> String {
    var lines = [""]
    for item in items {
      if let line = lines.last, !line.isEmpty, indentation.count + line.count + item.count + 2 > width {
        lines.append("")
      }
      lines[lines.count - 1] += lines[lines.count - 1].isEmpty ? item : ", " + item
    }
    return lines.joined(separator: ",\n" + indentation)
  }
}

/// Reading back literals that were written above.
extension Python {
  /// The text of a value assigned at the top level, brackets included; empty where there is none.
  static func body(assignedTo name: String, in text: String) -> Substring {
    guard let start = text.range(of: "\n\(name) = ") else { return "" }
    let rest = text[start.upperBound...]
    // What is written ends in the first line that begins with a closing bracket, or in its own line.
    let line = rest.prefix { $0 != "\n" }
    guard let last = line.last, "([{".contains(last) else { return line }
    let end = rest.firstMatch(of: /\n[)\]}]/)?.range.upperBound ?? rest.endIndex
    return rest[..<end]
  }

  /// The strings of a list or tuple assigned at the top level; they need no escapes.
  static func strings(assignedTo name: String, in text: String) -> [String] {
    body(assignedTo: name, in: text).matches(of: /"([^"\\]*)"/).map { String($0.1) }
  }

  /// A list with one string a line.
  static func list(_ strings: [String]) -> String {
    strings.isEmpty ? "[]" : "[\n" + strings.map { "    \(literal($0)),\n" }.joined() + "]"
  }
}
