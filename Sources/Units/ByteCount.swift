/// Reading and printing numbers of bytes, which are exact `Int`s everywhere else.
public enum ByteCount {
  /// Reads a number of bytes.
  ///
  /// A whole number counts bytes (`1048576`, or `1,048,576` as `formatExactly(_:)` prints it); binary units are
  /// `KiB`, `MiB`, `GiB`, `TiB` in any case, decimal units `kB` or `KB`, `MB`, `GB`, `TB`. A space may stand before
  /// the unit. A fraction needs a unit above the byte, and what it leaves of a byte is cut off: a budget is never
  /// rounded up.
  ///
  /// A bare letter (`64k`) is refused, because some tools read it as 1000 and others as 1024; so is a small `b`,
  /// the symbol of the bit.
  ///
  /// - Throws: `ByteCountError`.
  public static func parse(_ text: String) throws -> Int {
    let trimmed = text.trimmingSpaces
    if trimmed.first == "-" { throw ByteCountError.negative(text) }
    let number = trimmed.prefix { $0.isASCIIDigit || $0 == "." || $0 == "," }
    let unit = String(trimmed[number.endIndex...]).trimmingSpaces
    let factor = try factor(ofUnit: unit, in: text)
    guard let decimal = ExactDecimal(number, grouped: factor == 1) else {
      throw ByteCountError.notANumber(text)
    }
    if factor == 1, decimal.fractionDigits > 0 { throw ByteCountError.fractionOfByte(text) }
    guard let bytes = decimal.multiplied(by: factor) else { throw ByteCountError.tooLarge(text) }
    return bytes
  }

  /// Prints bytes in the largest binary unit that leaves at least 1, with one decimal: `350.0 MiB`; below 1 KiB,
  /// `512 B`.
  public static func format(_ bytes: Int, rounding: Rounding = .nearest) -> String {
    let sign = bytes < 0 ? "-" : ""
    let magnitude = bytes.magnitude
    guard magnitude >= 1024 else { return "\(sign)\(magnitude) B" }
    // Rounding can carry into the next unit (1023.96 KiB), so the unit is chosen after rounding.
    var unit: UInt = 1024
    var names = binaryUnits[...]
    while names.count > 1, rounding.tenths(of: magnitude, in: unit) >= 10240 {
      unit *= 1024
      names.removeFirst()
    }
    let tenths = rounding.tenths(of: magnitude, in: unit)
    return "\(sign)\(tenths / 10).\(tenths % 10) \(names.first ?? "")"
  }

  /// Prints every byte, with thousands separators: `367,001,600 B`.
  public static func formatExactly(_ bytes: Int) -> String {
    "\(Quantity.count(bytes)) B"
  }

  /// Which way `format(_:rounding:)` rounds the magnitude to its last decimal: what is needed rounds up and what is
  /// available rounds down, so that a rounded pair never shows a fit that the exact bytes do not have.
  public enum Rounding: Sendable {
    case nearest
    case up
    case down

    fileprivate func tenths(of magnitude: UInt, in unit: UInt) -> UInt {
      let (whole, rest) = magnitude.quotientAndRemainder(dividingBy: unit)
      let bias: UInt
      switch self {
      case .nearest: bias = unit / 2
      case .up: bias = unit - 1
      case .down: bias = 0
      }
      return whole * 10 + (rest * 10 + bias) / unit
    }
  }

  private static func factor(ofUnit unit: String, in text: String) throws -> UInt {
    if let factor = decimalUnits[unit] { return factor }
    let small = unit.lowercased()
    if let index = binaryUnits.firstIndex(where: { $0.lowercased() == small }) {
      return 1 << (10 * (index + 1))
    }
    guard text.contains(where: \.isASCIIDigit) else { throw ByteCountError.notANumber(text) }
    let isAmbiguous = ["b", "k", "m", "g", "t", "kb", "mb", "gb", "tb", "ki", "mi", "gi", "ti"].contains(small)
    throw isAmbiguous
      ? ByteCountError.ambiguousUnit(text, unit: unit) : ByteCountError.unknownUnit(text, unit: unit)
  }

  private static let binaryUnits = ["KiB", "MiB", "GiB", "TiB"]

  private static let decimalUnits: [String: UInt] = [
    "": 1, "B": 1, "kB": 1000, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
  ]
}

/// Why a text is not a number of bytes.
public enum ByteCountError: UserFacingError, Equatable {
  case notANumber(String)
  case negative(String)
  case fractionOfByte(String)
  case ambiguousUnit(String, unit: String)
  case unknownUnit(String, unit: String)
  case tooLarge(String)

  public var exitStatus: ExitStatus { .usage }

  public var description: String {
    switch self {
    case .notANumber(let text): "\(text.quoted) is not a number of bytes; \(Self.accepted)"
    case .negative(let text): "\(text.quoted) is negative; \(Self.accepted)"
    case .fractionOfByte(let text): "\(text.quoted) is a fraction of a byte; \(Self.accepted)"
    case .ambiguousUnit(let text, let unit):
      "the unit \(unit.quoted) in \(text.quoted) is ambiguous; \(Self.accepted)"
    case .unknownUnit(let text, let unit):
      "\(unit.quoted) in \(text.quoted) is no unit of bytes; \(Self.accepted)"
    case .tooLarge(let text): "\(text.quoted) is more than \(Quantity.count(Int.max)) bytes; \(Self.accepted)"
    }
  }

  private static let accepted =
    "accepted are bytes (1048576), binary units (350MiB, 1.5 GiB) and decimal units (512MB)"
}
