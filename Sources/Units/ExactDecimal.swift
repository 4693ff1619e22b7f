/// A non-negative decimal number, kept as its digits so that nothing is lost to binary fractions.
struct ExactDecimal {
  /// All digits, whole part first.
  private let digits: String
  /// How many of `digits` stand behind the point.
  let fractionDigits: Int

  /// Reads `12`, `12.5` and, where `grouped`, `1,234,567`; nil for anything else or above 18 decimals.
  init?(_ text: some StringProtocol, grouped: Bool = false) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = parts.first else { return nil }
    let groups = whole.split(separator: ",", omittingEmptySubsequences: false)
    if groups.count > 1 {
      guard grouped, parts.count == 1, groups[0].count <= 3, groups.dropFirst().allSatisfy({ $0.count == 3 })
      else { return nil }
    }
    let fraction = parts.dropFirst().joined()
    guard !groups[0].isEmpty, parts.count == 1 || !fraction.isEmpty, fraction.count <= 18 else { return nil }
    digits = groups.joined() + fraction
    fractionDigits = fraction.count
    guard digits.allSatisfy(\.isASCIIDigit) else { return nil }
  }

  /// The whole part of the product with a positive factor; nil where it exceeds `Int.max`.
  func multiplied(by factor: UInt) -> Int? {
    guard let numerator = UInt(digits) else { return nil }
    let denominator = (0..<fractionDigits).reduce(UInt(1)) { power, _ in power * 10 }
    let product = numerator.multipliedFullWidth(by: factor)
    guard product.high < denominator else { return nil }
    return Int(exactly: denominator.dividingFullWidth(product).quotient)
  }

  /// The nearest double.
  var approximation: Double? {
    let point = digits.index(digits.endIndex, offsetBy: -fractionDigits)
    return Double("\(digits[..<point]).\(digits[point...])0")
  }
}
