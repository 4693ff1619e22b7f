import Units

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An axis of a plot: its unit, where it begins and ends, and which values have a tick.
///
/// Linear, or logarithmic where the largest value is many times the smallest.
struct PlotAxis {
  /// A unit, and how much of the quantity it is.
  typealias Unit = (name: String, size: Double)

  let title: String
  /// In the quantity's own unit, rising; the first and last are the axis's ends.
  let ticks: [Double]
  private let unit: Unit
  private let isLogarithmic: Bool

  /// From this ratio of the largest to the smallest value on, an axis is logarithmic.
  private static let logarithmicRatio = 8.0
  private static let wantedTicks = 6.0

  /// An axis that holds all values, of which there should be one at least.
  ///
  /// - Parameter units: from the smallest; the largest is taken that leaves the largest value at least 2.
  init(_ title: String, values: [Double], units: [Unit]) {
    let low = max(values.min() ?? 0, 0)
    let high = max(values.max() ?? 1, 0)
    unit = units.last { high >= 2 * $0.size } ?? units.first ?? ("", 1)
    isLogarithmic = low > 0 && high / low >= Self.logarithmicRatio
    self.title = unit.name.isEmpty ? title : "\(title), \(unit.name)"
    let range = (low / unit.size, high / unit.size)
    let ticks = isLogarithmic ? Self.logarithmic(range) : Self.linear(range)
    let size = unit.size
    self.ticks = ticks.map { $0 * size }
  }

  /// Shares of one, all of them, in percent.
  static func percent(_ title: String) -> PlotAxis {
    PlotAxis(title, values: [0, 1], units: [("%", 0.01)])
  }

  /// The smallest of 1, 2, 5 times a power of ten that gives at most the wanted number of steps.
  private static func linear(_ range: (low: Double, high: Double)) -> [Double] {
    // Values close together are not torn apart: their numbers would be long, and their differences mean little.
    let spread = range.high > 0 ? max(range.high - range.low, range.high * 0.05) : 1
    let power = pow(10, (log10(spread / wantedTicks)).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= spread / wantedTicks * (1 - 1e-9) } ?? power
    let first = (range.low / step + 1e-9).rounded(.down)
    let last = max((range.high / step - 1e-9).rounded(.up), first + 1)
    return (0...Int(last - first)).map { (first + Double($0)) * step }
  }

  /// 1, 2 and 5 times every power of ten, from the last below the values to the first above.
  private static func logarithmic(_ range: (low: Double, high: Double)) -> [Double] {
    let powers = Int(log10(range.low).rounded(.down))...Int(log10(range.high).rounded(.up))
    let values = powers.flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }
    let first = values.last { $0 <= range.low * (1 + 1e-9) } ?? range.low
    let last = values.first { $0 >= range.high * (1 - 1e-9) } ?? range.high
    return values.filter { (first...last).contains($0) }
  }

  /// Where a value lies, from 0 at the first tick to 1 at the last.
  func position(_ value: Double) -> Double {
    guard let first = ticks.first, let last = ticks.last, first < last else { return 0 }
    let scale: (Double) -> Double = isLogarithmic ? { log($0) } : { $0 }
    return (scale(value) - scale(first)) / (scale(last) - scale(first))
  }

  /// A tick's number, in the axis's unit.
  func label(_ tick: Double) -> String {
    let steps = zip(ticks, ticks.dropFirst()).map { ($1 - $0) / unit.size }
    let smallest = isLogarithmic ? tick / unit.size : steps.min() ?? 1
    let decimals = smallest >= 1 ? 0 : Int((-log10(smallest) - 1e-9).rounded(.up))
    let text = Quantity.fixed(tick / unit.size, decimals: decimals)
    return decimals == 0 ? Quantity.count(Int(text) ?? 0) : text
  }
}
