import Graph
import Steps
import TrainerModels

/// Plans over a grid of models, devices and budgets, or one shard of them.
///
/// This is the sweep file; JSON keys are the properties' names in snake case. Nothing in it depends on the machine's speed, on the
/// number of jobs or on the shards, so equal questions give equal bytes.
public struct Sweep: Sendable, Codable, Equatable {
  public static let currentSchema = 2
  public static let kind = "permafrost-sweep"

  public var kind = Sweep.kind
  public var schema = Sweep.currentSchema
  public var shard: Shard
  /// The whole grid, in every shard.
  public var series: [Series]
  /// The shard's points, in the grid's order.
  public var points: [SweepPoint]

  /// One model on one device or in one range: what its points share, and all of their budgets.
  public struct Series: Sendable, Codable, Equatable {
    public var model: String
    public var modelIdentity: String
    public var device: String?
    /// Hash of the device's profile.
    public var deviceIdentity: String?
    public var task: String?
    /// Whose training has to fit; a file that does not say means this program's own.
    public var trainer = TrainerModel.permafrost
    public var trainerOptions: PyTorchOptions?
    /// The trainer that the decisions are restricted to.
    public var target: String?
    /// What `alternatives` leaves open is decided point by point.
    public var recipe: Recipe
    public var alternatives: Alternatives
    public var pins: Pins
    public var maximumStepSeconds: Double?
    public var halfTimeWorth: Double
    public var scores: Scores.Origin
    /// Hash of the scores; nil for the prior, which the model decides.
    public var scoresIdentity: String?
    /// Of several metrics, the one that is planned by; nil for the prior.
    public var scoreMetric: Scores.Metric?
    public var mappedFree: Bool
    public var runtimeBytes: Int
    /// Rising.
    public var budgetsBytes: [Int]
  }

  /// A sweep of what was computed; in a whole one, points of a front are marked.
  init(shard: Shard, series: [Series], points: [SweepPoint]) {
    self.shard = shard
    self.series = series
    self.points = points
    if shard.isWhole { markFronts() }
  }

  /// Points of the whole grid.
  var pointCount: Int { series.reduce(0) { $0 + $1.budgetsBytes.count } }

  /// The points of one series, in the order of their budgets.
  public func points(of series: Int) -> [SweepPoint] { points.filter { $0.series == series } }

  /// The name of a feasible point's plan file: unique in the grid, the same in every shard.
  public func planFileName(of point: SweepPoint) -> String {
    let series = series[point.series]
    let number = String(point.number)
    let padding = String(repeating: "0", count: String(pointCount).count - number.count)
    let name = [series.model, series.device, "\(point.budgetBytes)"].compactMap(\.self).joined(separator: "_")
    let safe = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" }
    return "\(padding)\(number)_\(String(safe)).json"
  }

  /// The sweep of the budgets that its points have: what is asked of these alone.
  var narrowed: Sweep {
    var asked: [Series] = []
    var answered: [SweepPoint] = []
    for index in series.indices {
      let points = points(of: index)
      guard !points.isEmpty else { continue }
      for var point in points {
        (point.number, point.series) = (answered.count + 1, asked.count)
        answered.append(point)
      }
      var series = series[index]
      series.budgetsBytes = points.map(\.budgetBytes)
      asked.append(series)
    }
    return Sweep(shard: shard, series: asked, points: answered)
  }

  private mutating func markFronts() {
    for index in points.indices where points[index].plan != nil { points[index].plan?.fronts = [] }
    for series in series.indices {
      mark(.bytes, of: series) { $0.peakBytes }
      mark(.time, of: series) { $0.estimatedStepSeconds }
    }
  }

  private mutating func mark<Cost: Comparable>(
    _ front: Front, of series: Int, cost: (SweepPoint.Summary) -> Cost?
  ) {
    let priced = points.indices.compactMap { index in
      points[index].series == series
        ? points[index].plan.flatMap { plan in cost(plan).map { (index, $0, plan.objective) } } : nil
    }
    for member in ParetoFront.indices(of: priced.map { ($0.1, $0.2) }) {
      points[priced[member].0].plan?.fronts?.append(front)
    }
  }
}

/// What is traded for score.
public enum Front: String, Sendable, Codable, CaseIterable {
  case bytes, time
}

/// The answer for one budget.
public struct SweepPoint: Sendable, Codable, Equatable {
  /// The place in the grid, from 1.
  public var number: Int
  /// Index of the series.
  public var series: Int
  public var budgetBytes: Int
  /// nil where nothing fits.
  public var plan: Summary?
  /// The least budget that would do, where this one does not; nil where none would, because no step is quick enough.
  public var smallestFeasibleBudgetBytes: Int?

  /// Whether there is too little time, whatever the memory.
  public var isTooSlow: Bool { plan == nil && smallestFeasibleBudgetBytes == nil }

  /// What a plan gives and takes.
  public struct Summary: Sendable, Codable, Equatable {
    /// Bytes of the process that count towards the budget.
    public var peakBytes: Int
    public var arenaBytes: Int
    public var mappedBytes: Int
    /// Share of the total score captured, and the most that any selection within the budget could; from 0 to 1.
    public var objective: Double
    public var bound: Double
    public var status: Plan.Status
    public var termination: String
    public var saving: Saving
    public var trainableParameters: Int
    /// One step on the device, by the roofline model; nil without a device, and for another trainer.
    public var estimatedStepSeconds: Double?
    /// The series' fronts that the point is on; nil in a shard, which does not know.
    public var fronts: [Front]?
  }
}

extension SweepPoint.Summary {
  init(_ plan: Plan) {
    self.init(
      peakBytes: plan.chargedBytes, arenaBytes: plan.arenaBytes, mappedBytes: plan.mappedBytes,
      objective: plan.objective, bound: plan.bound, status: plan.status, termination: plan.termination,
      saving: plan.recipe.saving, trainableParameters: plan.trainableParameters,
      estimatedStepSeconds: plan.time?.seconds)
  }
}
