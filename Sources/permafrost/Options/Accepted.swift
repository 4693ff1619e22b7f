import ArgumentParser
import Planning
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
  static let strides = 0...65_536
  static let steps = 1...100_000_000
  static let epochs = 1...10_000
  static let microBatches = 1...65_536
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

  @Sendable static func rate(_ text: String) throws -> Double {
    guard let rate = Double(text), rate.isFinite, rate > 0, rate <= 10 else {
      throw ValidationError("accepted is a number above 0 and up to 10, such as 1e-4")
    }
    return rate
  }

  @Sendable static func seed(_ text: String) throws -> UInt64 {
    guard let seed = UInt64(text) else {
      throw ValidationError("accepted is a whole number from 0 to \(UInt64.max)")
    }
    return seed
  }

  /// - Parameter fallback: what is kept where the option is not given.
  static func savingHelp(default fallback: String) -> ArgumentHelp {
    ArgumentHelp(
      "What forward keeps for backward: keep (everything), cheap, or recompute; or one for each layer, as "
        + "cheap*4,recompute*2. By default \(fallback).",
      valueName: "saving")
  }

  @Sendable static func saving(_ text: String) throws -> Saving {
    guard let saving = Saving(text) else {
      throw ValidationError(
        "accepted is keep, cheap, recompute, or one for each layer, such as cheap*4,recompute*2")
    }
    return saving
  }

  /// One or more names between commas, each once.
  @Sendable static func list<Value: CaseIterable & RawRepresentable>(_ text: String) throws -> [Value]
  where Value.RawValue == String {
    let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let values = names.compactMap { Value(rawValue: $0) }
    guard values.count == names.count, Set(names).count == names.count else {
      let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("accepted are some of \(known), with commas and no spaces")
    }
    return values
  }

  @Sendable static func positive(_ text: String) throws -> Double {
    guard let number = Double(text), number.isFinite, number > 0 else {
      throw ValidationError("accepted is a number above 0, such as 1.5")
    }
    return number
  }

  @Sendable static func norm(_ text: String) throws -> Double {
    guard let norm = Double(text), norm.isFinite, norm > 0 else {
      throw ValidationError("accepted is a number above 0, such as 1.0")
    }
    return norm
  }

  @Sendable static func share(_ text: String) throws -> Double {
    guard let share = Double(text), (0...1).contains(share) else {
      throw ValidationError("accepted is a number from 0 to 1, such as 0.1")
    }
    return share
  }

  /// A value of a metric.
  @Sendable static func metric(_ text: String) throws -> Double {
    guard let value = Double(text), (-1...1).contains(value) else {
      throw ValidationError("accepted is a number from -1 to 1, such as 0.02")
    }
    return value
  }

  /// A share of a budget, `5%`, or bytes.
  @Sendable static func headroom(_ text: String) throws -> MinimumHeadroom {
    guard text.hasSuffix("%") else { return .bytes(try ByteCount.parse(text)) }
    guard let percent = Double(text.dropLast()), percent >= 0, percent < 100 else {
      throw ValidationError("accepted is a share from 0% to below 100%, or bytes such as 20MiB")
    }
    return .percent(percent)
  }

  @Sendable static func budget(_ text: String) throws -> Int {
    let bytes = try ByteCount.parse(text)
    guard bytes >= leastBudget else {
      throw ValidationError(
        "\(ByteCount.formatExactly(bytes)) is less than any program needs; 350MiB is a budget")
    }
    guard bytes <= Plan.mostBytes else {
      throw ValidationError("accepted is the memory of a machine, such as 350MiB")
    }
    return bytes
  }

  @Sendable static func runtime(_ text: String) throws -> Int {
    let bytes = try ByteCount.parse(text)
    guard bytes <= Plan.mostBytes else {
      throw ValidationError("accepted is the size of a process, such as 30MiB")
    }
    return bytes
  }
}

extension Optimizer: ExpressibleByArgument {}
extension WeightFormat: ExpressibleByArgument {}
