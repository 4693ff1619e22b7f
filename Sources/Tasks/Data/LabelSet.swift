/// The classes of a task: their values in data files, their names, and their order.
public struct LabelSet: Equatable, Sendable {
  /// What data files hold, by class index.
  public let values: [String]
  /// What people read, by class index.
  public let names: [String]
  private let indices: [String: Int]

  public var count: Int { values.count }

  init(values: [String], names: [String]) {
    self.values = values
    self.names = names
    indices = Dictionary(zip(values, values.indices)) { first, _ in first }
  }

  /// Labels found in data, sorted: as numbers if all of them are integers, else by their characters.
  init(collected: Set<String>) {
    let sorted = collected.sorted()
    let numbers = sorted.compactMap { Int($0) }
    let isNumeric = numbers.count == sorted.count
    let values = isNumeric ? zip(numbers, sorted).sorted { $0 < $1 }.map(\.1) : sorted
    self.init(values: values, names: values)
  }

  /// The class index of a label as files write it; nil if it is unknown.
  public func index(of value: String) -> Int? { indices[value] }
}
