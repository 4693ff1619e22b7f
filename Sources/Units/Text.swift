extension Character {
  var isASCIIDigit: Bool { "0" <= self && self <= "9" && isASCII }
}

extension StringProtocol {
  /// The text without the spaces and tabs around it.
  var trimmingSpaces: String {
    func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }
    return String(String(drop(while: isSpace).reversed()).drop(while: isSpace).reversed())
  }

  /// The text in quotation marks, on one line, cut where it is long: fit to stand in an error.
  package var quoted: String {
    let shown = count > 60 ? String(prefix(60)) + "…" : String(self)
    return "'" + shown.map { $0.isNewline ? " " : String($0) }.joined() + "'"
  }

  /// The text on one line, fit for a log: line ends and tabs are spaces, and other characters that a terminal would obey
  /// instead of show (escapes, changes of direction) are replaced by U+FFFD.
  package var printable: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { scalar in
          switch scalar.properties.generalCategory {
          case .lineSeparator, .paragraphSeparator: " "
          case .control: ("\t"..."\r").contains(scalar) ? " " : "\u{FFFD}"
          case .format: "\u{FFFD}"
          default: scalar
          }
        }))
  }
}
