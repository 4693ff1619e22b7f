import Steps

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The budgets at which a series is planned.
public struct BudgetSpread: Sendable, Hashable {
  /// The smallest; nil for the least under which the model trains at all.
  public var from: Int?
  /// The largest; nil for what training everything needs by the recipe that needs most.
  public var to: Int?
  /// The most that is of interest, such as a device's budget; it holds for the defaults above.
  public var limit: Int?
  /// How many, at least 1.
  public var count: Int

  public init(from: Int? = nil, to: Int? = nil, limit: Int? = nil, count: Int) {
    self.from = from
    self.to = to
    self.limit = limit
    self.count = count
  }

  /// The budgets for a question, rising; fewer than `count` where the range has not so many.
  func budgets(for request: PlanRequest) -> [Int] {
    let limit = limit ?? .max
    let low = from ?? min(Self.leastBudget(request), to ?? limit, limit)
    let high = to ?? max(low, min(Self.fullBudget(request), limit))
    return Self.geometric(from: low, to: high, count: count)
  }

  /// The least under which the model trains at all; where no step is quick enough, if it could take any time.
  private static func leastBudget(_ request: PlanRequest) -> Int {
    var untimed = request
    untimed.maximumStepSeconds = nil
    return Infeasibility.smallestBudget(request) ?? Infeasibility.smallestBudget(untimed) ?? 0
  }

  /// What training everything needs, by the recipe that needs most.
  private static func fullBudget(_ request: PlanRequest) -> Int {
    request.recipes.map {
      request.budget(for: StepProgram(request.template($0), .full(request.graph)))
    }.max() ?? 0
  }

  /// Budgets in equal ratios, because a MiB is worth most where there are few; both ends exact, the others in whole MiB, or in the
  /// largest unit that keeps them apart.
  static func geometric(from low: Int, to high: Int, count: Int) -> [Int] {
    guard count > 1, low < high else { return [high] }
    let ratio = Double(high) / Double(max(low, 1))
    let inner = (1..<(count - 1)).map {
      Double(max(low, 1)) * pow(ratio, Double($0) / Double(count - 1))
    }
    func spread(unit: Int) -> [Int] {
      let rounded = inner.map { Int(exactly: ($0 / Double(unit)).rounded() * Double(unit)) ?? high }
      return Set(rounded.filter { (low...high).contains($0) } + [low, high]).sorted()
    }
    for unit in [1 << 20, 1 << 10] {
      let budgets = spread(unit: unit)
      if budgets.count == count { return budgets }
    }
    return spread(unit: 1)
  }
}
