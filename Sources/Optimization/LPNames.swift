/// Turns any names into distinct names that readers of the CPLEX LP format accept.
///
/// - Letters and digits of ASCII, `_`, `.` and `@` stay; every other scalar becomes `_`.
/// - `_` is put before a name that could be read as a number (it starts with a digit, a dot, or, as in an exponent,
///   with e or E) or is a keyword of the format.
/// - A name that is taken gets `_2`, `_3`, … at its end; names stay within 255 bytes.
///
/// Source of the rules: IBM's "LP file format", section on names, and GLPK's reference manual, appendix on CPLEX LP.
struct LPNames {
  private var taken: Set<String>
  /// The last suffix given to a name, so that many equal names take linear time.
  private var lastSuffix: [String: Int] = [:]

  init(reserving names: String...) {
    taken = Set(names)
  }

  /// A safe name that this value has not returned before.
  mutating func safeName(for name: String) -> String {
    let base = Self.sanitized(name)
    guard !taken.insert(base).inserted else { return base }
    var suffix = lastSuffix[base] ?? 1
    while true {
      suffix += 1
      let ending = "_\(suffix)"
      let candidate = String(base.prefix(LinearModel.longestName - ending.utf8.count)) + ending
      if taken.insert(candidate).inserted {
        lastSuffix[base] = suffix
        return candidate
      }
    }
  }

  private static func sanitized(_ name: String) -> String {
    let safe = String(String.UnicodeScalarView(name.unicodeScalars.map { isSafe($0) ? $0 : "_" }))
    let needsPrefix = !(safe.first.map(canStart) ?? false) || keywords.contains(safe.lowercased())
    return String(((needsPrefix ? "_" : "") + safe).prefix(LinearModel.longestName))
  }

  private static func isSafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_", ".", "@": true
    default: false
    }
  }

  private static func canStart(_ character: Character) -> Bool {
    (character.isLetter && character != "e" && character != "E") || character == "_"
  }

  private static let keywords: Set<String> = [
    "max", "maximize", "maximise", "maximum", "min", "minimize", "minimise", "minimum", "subject", "such", "st",
    "s.t.",
    "st.", "bound", "bounds", "free", "inf", "infinity", "general", "generals", "gen", "integer", "integers",
    "int",
    "binary", "binaries", "bin", "semi", "semis", "sos", "sos1", "sos2", "sec", "sin", "end",
  ]
}
