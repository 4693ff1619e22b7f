import ArgumentParser
import Reporting
import Steps
import Units

/// Ranges of numbers on the command line, and readers that say what they accept.
enum Accepted {
  /// More sequences than any batch has, few enough that no product with a model's sizes overflows.
  static let batches = 1...65_536
  static let sequences = 1...65_536
  static let threads = 1...Recipe.mostThreads
  static let labels = 1...65_536
  /// Less than any process has; a number without its unit most likely.
  static let leastBudget = 64 << 10

  /// A reader of whole numbers within a range.
  static func count(_ range: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
    { text in
      guard let count = Int(text), range.contains(count) else {
        throw ValidationError(
          "accepted is a whole number from \(Quantity.count(range.lowerBound)) to "
            + Quantity.count(range.upperBound))
      }
      return count
    }
  }

  @Sendable static func budget(_ text: String) throws -> Int {
    let bytes = try ByteCount.parse(text)
    guard bytes >= leastBudget else {
      throw ValidationError(
        "\(ByteCount.formatExactly(bytes)) is less than any program needs; 350MiB is a budget")
    }
    return bytes
  }
}

extension Optimizer: ExpressibleByArgument {}
extension SavingPolicy: ExpressibleByArgument {}
