/// One of so many equal parts of a grid: of n parts, the i-th takes every n-th point from the i-th on.
public struct Shard: Sendable, Codable, Hashable, CustomStringConvertible {
  /// From 1 to `count`.
  public let index: Int
  public let count: Int

  public static let whole = Shard(unchecked: 1, of: 1)

  /// More than any grid has points.
  public static let most = 1_000_000

  private init(unchecked index: Int, of count: Int) {
    self.index = index
    self.count = count
  }

  /// nil unless 1 ≤ index ≤ count ≤ `most`.
  public init?(_ index: Int, of count: Int) {
    guard (1...Self.most).contains(count), (1...count).contains(index) else { return nil }
    self.init(unchecked: index, of: count)
  }

  /// Reads `2/8`.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1] else { return nil }
    self.init(index, of: count)
  }

  public var description: String { "\(index)/\(count)" }

  public var isWhole: Bool { count == 1 }

  /// - Parameter number: the point's place in the grid, from 1.
  public func contains(_ number: Int) -> Bool { (number - 1) % count == index - 1 }
}
