import Units

extension Sweep {
  /// Reads a sweep or a shard of one.
  ///
  /// - Throws: ``SweepError/missing(path:)``; ``PlanError`` for a file that is none, or whose points are not its shard's.
  public static func read(_ path: String) throws -> Sweep {
    let sweep: Sweep
    do {
      sweep = try PlanFile.read(path, kind: kind, schema: currentSchema)
    } catch PlanError.missing {
      throw SweepError.missing(path: path)
    }
    if let rule = sweep.brokenRule { throw PlanError.unreadable(path: path, reason: rule) }
    return sweep
  }

  /// Puts the shards of one sweep together, in any order.
  ///
  /// - Parameter shards: at least one, each with the name of its file.
  /// - Returns: the sweep as one run computes it.
  /// - Throws: ``SweepError`` where shards are missing, there twice, or of different sweeps.
  public static func merge(_ shards: [(path: String, sweep: Sweep)]) throws(SweepError) -> Sweep {
    guard let first = shards.first else { throw .noShards }
    var paths: [Int: String] = [:]
    for (path, sweep) in shards {
      guard sweep.series == first.sweep.series, sweep.shard.count == first.sweep.shard.count else {
        throw .otherSweep(path: path, first: first.path)
      }
      if let earlier = paths.updateValue(path, forKey: sweep.shard.index) {
        throw .twice(path: path, shard: sweep.shard, earlier: earlier)
      }
    }
    let count = first.sweep.shard.count
    if let lacking = (1...count).first(where: { paths[$0] == nil }) {
      throw .lacking(index: lacking, count: count, others: count - paths.count - 1)
    }
    let points = shards.flatMap(\.sweep.points).sorted { $0.number < $1.number }
    return Sweep(shard: .whole, series: first.sweep.series, points: points)
  }

  /// What of a file that was read cannot be, or nil.
  private var brokenRule: String? {
    guard Shard(shard.index, of: shard.count) != nil else { return "shard: there is no \(shard)" }
    let grid = series.enumerated().flatMap { index, series in series.budgetsBytes.map { (index, $0) } }
    let expected = zip(1..., grid).filter { shard.contains($0.0) }
    guard points.count == expected.count else {
      return "points: \(points.count) instead of the \(expected.count) of shard \(shard)"
    }
    if let rule = brokenValue { return rule }
    for (point, (number, (index, budget))) in zip(points, expected) {
      let isAnswered =
        (point.plan == nil) != (point.smallestFeasibleBudgetBytes == nil)
        || point.isTooSlow && series[index].maximumStepSeconds != nil
      guard point.number == number, point.series == index, point.budgetBytes == budget, isAnswered
      else { return "points: number \(number) is not what the series ask" }
    }
    return nil
  }
}

/// Why shards cannot be merged.
public enum SweepError: UserFacingError, Equatable {
  case noShards
  case missing(path: String)
  case otherSweep(path: String, first: String)
  case twice(path: String, shard: Shard, earlier: String)
  case lacking(index: Int, count: Int, others: Int)

  public var exitStatus: ExitStatus {
    switch self {
    case .noShards: .usage
    case .missing: .missingInput
    case .otherSweep, .twice, .lacking: .malformedInput
    }
  }

  public var description: String {
    switch self {
    case .noShards: "no shards to merge; give the files that 'permafrost sweep --shard' wrote"
    case .missing(let path): "\(path): no such file; make it with 'permafrost sweep --shard'"
    case .otherSweep(let path, let first):
      "\(path): not of the same sweep as \(first); make both with the same models, devices, budgets, options and number of shards"
    case .twice(let path, let shard, let earlier):
      "\(path): shard \(shard) is already in \(earlier); give each shard once"
    case .lacking(let index, let count, let others):
      "shard \(index)/\(count)\(others > 0 ? " and \(others) more are" : " is") missing; "
        + "make \(others > 0 ? "them" : "it") with 'permafrost sweep --shard' and give all \(count)"
    }
  }
}
