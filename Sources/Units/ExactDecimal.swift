/// A non-negative decimal number, kept as its digits so that nothing is lost to binary fractions.
struct ExactDecimal {
  private let whole: String
  private let fraction: String

  /// Reads `12`, `12.5` and, where `grouped`, `1,234,567`; nil for anything else or above 18 decimals.
  init?(_ text: some StringProtocol, grouped: Bool = false) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard let first = parts.first, parts.count <= 2 else { return nil }
    let groups = first.split(separator: ",", omittingEmptySubsequences: false)
    if groups.count > 1 {
      guard grouped, parts.count == 1, groups[0].count <= 3, groups.dropFirst().allSatisfy({ $0.count == 3 })
      else { return nil }
    }
    whole = groups.joined()
    fraction = parts.dropFirst().joined()
    guard !groups[0].isEmpty, parts.count == 1 || !fraction.isEmpty, fraction.count <= 18,
      (whole + fraction).allSatisfy(\.isASCIIDigit)
    else { return nil }
  }

  /// Whether anything was written behind the point, were it only zeros.
  var hasFraction: Bool { !fraction.isEmpty }

  /// The whole part of the product with a positive factor; nil where it exceeds `Int.max`.
  func multiplied(by factor: Int) -> Int? {
    guard let whole = Int(whole), let part = Int("0" + fraction) else { return nil }
    let denominator = (0..<fraction.count).reduce(1) { power, _ in power * 10 }
    let (product, productOverflow) = whole.multipliedReportingOverflow(by: factor)
    // The fraction is below one, so its share of the factor is below the factor and the quotient fits.
    let share = denominator.dividingFullWidth(part.multipliedFullWidth(by: factor)).quotient
    let (sum, sumOverflow) = product.addingReportingOverflow(share)
    return productOverflow || sumOverflow ? nil : sum
  }

  /// The nearest double.
  var approximation: Double? { Double("\(whole).\(fraction)0") }
}
