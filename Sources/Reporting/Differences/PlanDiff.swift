import Graph
import Planning
import Steps
import Units

/// What changed from one plan to another, and what it does to bytes, operations and score.
///
/// Bytes and operations come from simulating both plans now, not from their files. Models of different shapes are compared
/// by the names of their groups.
public struct PlanDiff: Report {
  /// Something that plans are made for, by its name in the plan file.
  public struct Setting: Encodable, Sendable, Equatable {
    public let name: String
    /// nil where the plan says nothing of it.
    public let before: String?
    public let after: String?
  }

  /// A group that trains otherwise; states are those of the map that `plan` shows.
  public struct Group: Encodable, Sendable, Equatable {
    public let name: String
    public let layer: Int?
    /// nil where the model has no such group.
    public let before: String?
    public let after: String?
    let kind: GroupKind

    private enum CodingKeys: String, CodingKey { case name, layer, before, after }
  }

  /// A layer's learner nodes, where other nodes or more or fewer of them train.
  public struct Nodes: Encodable, Sendable, Equatable {
    public let layer: Int
    public let before: Int
    public let after: Int
    /// Nodes that train in both plans; nil where the models have other nodes.
    public let common: Int?
  }

  public struct Figure: Encodable, Sendable, Equatable {
    public let before: Int
    public let after: Int
    public let change: Int

    init(_ before: Int, _ after: Int) {
      let (difference, overflow) = after.subtractingReportingOverflow(before)
      (self.before, self.after) = (before, after)
      change = overflow ? (after < before ? .min : .max) : difference
    }
  }

  public struct Figures: Encodable, Sendable {
    public let predictedPeakBytes: Figure
    public let arenaBytes: Figure
    public let mappedBytes: Figure
    /// As the files record them.
    public let runtimeBytes: Figure
    public let budgetBytes: Figure
    public let trainableParameters: Figure
    /// Of one step.
    public let operations: Figure
  }

  /// What a plan captures, by its own file.
  public struct Score: Encodable, Sendable, Equatable {
    public let objective: Double
    public let bound: Double
    public let status: Plan.Status
    public let origin: Scores.Origin?
    /// nil for the prior, and in files from before it was recorded.
    public let metric: Scores.Metric?
  }

  public struct Captured: Encodable, Sendable {
    public let before: Score
    public let after: Score
    /// Whether both are shares of the same scores by the same metric, for the same model.
    public let comparable: Bool
  }

  public let before: String
  public let after: String
  /// Whether model, recipe, tensors and nodes are the same.
  public let equal: Bool
  public let settings: [Setting]
  /// Tensors, without the family's prefix, of which nothing trained before.
  public let begins: [String]
  /// Tensors of which nothing trains any more.
  public let ceases: [String]
  public let groups: [Group]
  public let nodes: [Nodes]
  public let figures: Figures
  /// Bytes at the peak.
  public let categories: [String: Figure]
  public let captured: Captured

  public var exitStatus: ExitStatus { equal ? .success : .negative }

  /// - Throws: `EncodingError` where a plan holds a number that JSON has no form for.
  public init(_ old: PlanSide, _ new: PlanSide) throws {
    (before, after) = (old.path, new.path)
    equal = old.decidesLike(new)
    let (was, now) = (try old.settings(), try new.settings())
    settings = Set(was.keys).union(now.keys).sorted().filter { was[$0] != now[$0] }.map {
      Setting(name: $0, before: was[$0], after: now[$0])
    }
    let (trained, trains) = (Set(old.trained), Set(new.trained))
    begins = new.trained.filter { !trained.contains($0) }
    ceases = old.trained.filter { !trains.contains($0) }
    groups = Self.groups(old, new)
    nodes = Self.nodes(old, new)
    figures = Figures(
      predictedPeakBytes: Figure(old.peakBytes, new.peakBytes),
      arenaBytes: Figure(old.arenaBytes, new.arenaBytes),
      mappedBytes: Figure(old.mappedBytes, new.mappedBytes),
      runtimeBytes: Figure(old.plan.runtimeBytes, new.plan.runtimeBytes),
      budgetBytes: Figure(old.plan.budgetBytes, new.plan.budgetBytes),
      trainableParameters: Figure(
        old.selection.trainedCount(of: old.graph), new.selection.trainedCount(of: new.graph)),
      operations: Figure(old.operations, new.operations))
    categories = Dictionary(
      uniqueKeysWithValues: BufferCategory.allCases.map {
        ($0.rawValue, Figure(old.categories[$0] ?? 0, new.categories[$0] ?? 0))
      })
    captured = Captured(
      before: Score(old.plan), after: Score(new.plan),
      comparable: old.sharesScores(with: new))
  }

  private static func groups(_ old: PlanSide, _ new: PlanSide) -> [Group] {
    func states(_ side: PlanSide) -> [String: String] {
      let map = SelectionMap(side.graph, side.selection)
      return Dictionary(uniqueKeysWithValues: side.graph.groups.map { ($0.name, map.state(of: $0)) })
    }
    let (was, now) = (states(old), states(new))
    let all = old.graph.groups + new.graph.groups.filter { was[$0.name] == nil }
    return all.filter { was[$0.name] != now[$0.name] }.map {
      Group(name: $0.name, layer: $0.layer, before: was[$0.name], after: now[$0.name], kind: $0.kind)
    }
  }

  private static func nodes(_ old: PlanSide, _ new: PlanSide) -> [Nodes] {
    func nodes(_ side: PlanSide, _ layer: Int) -> Set<Int> {
      guard side.selection.retained.indices.contains(layer) else { return [] }
      let count = side.graph.configuration.feedForwardSize
      return side.selection.retained[layer] == count
        ? Set(0..<count) : Set(side.plan.learnerNodes[layer])
    }
    let isSameModel = old.graph.identity == new.graph.identity
    let layers = max(old.selection.retained.count, new.selection.retained.count)
    return (0..<layers).compactMap { layer in
      let (was, now) = (nodes(old, layer), nodes(new, layer))
      guard isSameModel ? was != now : was.count != now.count else { return nil }
      return Nodes(
        layer: layer, before: was.count, after: now.count,
        common: isSameModel ? was.intersection(now).count : nil)
    }
  }
}

extension PlanDiff.Score {
  fileprivate init(_ plan: Plan) {
    self.init(
      objective: plan.objective, bound: plan.bound, status: plan.status, origin: plan.scores,
      metric: plan.scoreMetric)
  }
}
