/// Printing of counts, durations, rates and energies, the same on every machine whatever its locale.
public enum Quantity {
  /// Prints every digit of a count, with thousands separators: `66,955,010`.
  public static func count(_ value: Int) -> String {
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.append(String(digits.suffix(3)))
      digits.removeLast(3)
    }
    groups.append(digits)
    return (value < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
  }

  /// Prints a count of things: `1 layer`, `1,024 layers`.
  ///
  /// - Parameter noun: one of them, with a regular plural.
  public static func count(_ value: Int, of noun: String) -> String {
    "\(count(value)) \(noun)\(value == 1 ? "" : "s")"
  }

  /// Prints a count with two decimals and a decimal prefix: `66.96 M`; below 1000, every digit.
  public static func approximateCount(_ value: Int) -> String {
    value.magnitude < 1000 ? String(value) : scaled(Double(value), unit: "", decimals: 2)
  }

  /// Prints a number of floating-point operations: `4.1 GFLOP`.
  public static func flops(_ value: Double) -> String { format(value, unit: "FLOP") }

  /// Prints a rate of floating-point operations: `32.0 GFLOP/s`.
  public static func flopsPerSecond(_ value: Double) -> String { format(value, unit: "FLOP/s") }

  /// Prints a rate of bytes in decimal units, as data sheets do: `2.1 GB/s`.
  public static func bytesPerSecond(_ value: Double) -> String { format(value, unit: "B/s") }

  /// Prints an energy: `12.5 J`.
  public static func joules(_ value: Double) -> String { format(value, unit: "J") }

  /// Prints a power: `3.5 W`.
  public static func watts(_ value: Double) -> String { format(value, unit: "W") }

  /// Prints a quantity in a unit of the caller's, with one decimal and a decimal prefix: `2.1 GB/s`.
  public static func format(_ value: Double, unit: String) -> String { scaled(value, unit: unit, decimals: 1) }

  /// Prints a share of one as a percentage: `12.5 %`.
  public static func percent(_ share: Double) -> String { fixed(share * 100, decimals: 1) + " %" }

  /// Prints a duration with the two units that matter: `850 µs`, `12.3 ms`, `1.2 s`, `3 min 20 s`, `2 h 5 min`,
  /// `3 d 4 h`.
  public static func duration(seconds: Double) -> String {
    guard seconds.isFinite else { return "\(seconds) s" }
    if seconds < 0 { return "-" + duration(seconds: -seconds) }
    // Each limit is where the smaller unit would print as the next one up.
    if seconds == 0 { return "0 s" }
    if seconds < 0.000_999_5 { return fixed(seconds * 1e6, decimals: 0) + " µs" }
    if seconds < 0.999_95 { return fixed(seconds * 1e3, decimals: 1) + " ms" }
    if seconds < 59.95 { return fixed(seconds, decimals: 1) + " s" }
    if seconds < 3599.5 { return pair(seconds, ratio: 60, "min", "s") }
    if seconds < 86_370 { return pair(seconds / 60, ratio: 60, "h", "min") }
    return pair(seconds / 3600, ratio: 24, "d", "h")
  }

  private static func pair(_ value: Double, ratio: Double, _ large: String, _ small: String) -> String {
    let whole = value.rounded()
    let larges = (whole / ratio).rounded(.down)
    return "\(fixed(larges, decimals: 0)) \(large) \(fixed(whole - larges * ratio, decimals: 0)) \(small)"
  }

  /// Reads a rate or power such as `2.1 GB/s`, `32 GFLOP/s` or `500 mW`: a decimal number and the unit, which may
  /// carry one of the decimal prefixes m, k, M, G, T.
  ///
  /// - Throws: `QuantityError`.
  public static func parse(_ text: String, unit: String) throws -> Double {
    let trimmed = text.trimmingSpaces
    let number = trimmed.prefix { $0.isASCIIDigit || $0 == "." }
    let suffix = String(trimmed[number.endIndex...]).trimmingSpaces
    guard let value = ExactDecimal(number)?.approximation, suffix.hasSuffix(unit),
      let factor = prefixes[String(suffix.dropLast(unit.count))]
    else { throw QuantityError(text: text, unit: unit) }
    return value * factor
  }

  private static let prefixes: [String: Double] = [
    "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
  ]

  private static func scaled(_ value: Double, unit: String, decimals: Int) -> String {
    if value != 0, value.magnitude < 0.9995, !unit.isEmpty {
      return fixed(value * 1000, decimals: decimals) + " m" + unit
    }
    let steps = [("", 1.0), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("E", 1e18)]
    // Rounding can carry into the next prefix (999.96 k), so the prefix is chosen after rounding.
    let half = 0.5 / power(decimals)
    let step = steps.first { (value / $0.1).magnitude < 1000 - half } ?? ("E", 1e18)
    let suffix = step.0 + unit
    return fixed(value / step.1, decimals: decimals) + (suffix.isEmpty ? "" : " " + suffix)
  }

  /// Prints a number with a fixed number of decimals, halves away from zero.
  public static func fixed(_ value: Double, decimals: Int) -> String {
    let scaled = (value.magnitude * power(decimals)).rounded()
    guard let whole = Int(exactly: scaled) else { return "\(value)" }
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard decimals > 0 else { return sign + String(whole) }
    let digits = String(whole)
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return "\(sign)\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
  }

  private static func power(_ decimals: Int) -> Double {
    (0..<max(0, decimals)).reduce(1) { power, _ in power * 10 }
  }
}

/// A text that is not a number with the expected unit.
public struct QuantityError: UserFacingError, Equatable {
  public let text: String
  public let unit: String

  public var exitStatus: ExitStatus { .usage }

  public var description: String {
    "\(text.quoted) is not a number of \(unit); accepted is a number, then \(unit) with one of the prefixes "
      + "m, k, M, G, T or none (2.5 G\(unit))"
  }
}
