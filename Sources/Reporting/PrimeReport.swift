import Graph
import Planning
import Steps
import Training
import Units

/// What priming found: where the weights moved and the gradients were large, and what finding out took.
public struct PrimeReport: Report {
  private let scoresFile: String
  private let steps: Int
  /// Of one turn, the slowest.
  private let secondsPerStep: Double
  /// Of the largest turn.
  private let measuredPeakBytes: Int
  private let saving: Saving
  private let turns: [Turn]
  private let unscored: [String]
  private let metrics: [Metric]
  private let groups: [Group]

  private struct Turn: Encodable, Sendable {
    let measuredPeakBytes: Int
    let residentPeakBytes: Int?
    let secondsPerStep: Double
    let limitEnforcedBy: String?
  }

  /// What a metric costs beside training.
  private struct Metric: Encodable, Sendable {
    let name: String
    let reads: String
    /// Sums kept.
    let bytes: Int
    /// Optimizer state read, which training has anyway.
    let stateBytes: Int
    /// At the end of all turns, shared by the metrics that read the same.
    let seconds: Double
  }

  private struct Group: Encodable, Sendable {
    let name: String
    /// Of the total, by metric.
    let shares: [String: Double]
  }

  public init(_ result: Primer.Result, of graph: EncoderGraph, file: String) {
    scoresFile = file
    steps = result.scores.steps ?? 0
    secondsPerStep = result.reports.map(\.secondsPerStep).max() ?? 0
    measuredPeakBytes = result.reports.map(\.measuredPeakBytes).max() ?? 0
    saving = result.saving
    turns = result.reports.map {
      Turn(
        measuredPeakBytes: $0.measuredPeakBytes, residentPeakBytes: $0.residentPeakBytes,
        secondsPerStep: $0.secondsPerStep, limitEnforcedBy: $0.limitEnforcedBy)
    }
    unscored = result.scores.unscored ?? []
    metrics = result.costs.map {
      Metric(
        name: $0.metric.rawValue,
        reads: $0.stateBytes == 0 ? "the pretrained weights again" : "AdamW's second moment",
        bytes: $0.bytes, stateBytes: $0.stateBytes, seconds: $0.seconds)
    }
    groups = Self.groups(result.scores, graph)
  }

  /// The groups from the largest share by the first metric to the smallest.
  private static func groups(_ scores: Scores, _ graph: EncoderGraph) -> [Group] {
    var shares = graph.groups.map { _ in [String: Double]() }
    for metric in scores.measurements.map(\.metric) {
      guard let chosen = try? scores.choosing(metric) else { continue }
      let total = chosen.captured(by: .full(graph), of: graph)
      for (index, group) in graph.groups.enumerated() {
        var selection = Selection.frozen(graph)
        selection.train(group, of: graph)
        let score = chosen.captured(by: selection, of: graph)
        shares[index][metric.rawValue] = total > 0 ? score / total : 0
      }
    }
    let first = scores.measurements.first?.metric.rawValue ?? ""
    return zip(graph.groups, shares).map { Group(name: $0.name, shares: $1) }
      .sorted { ($0.shares[first] ?? 0, $1.name) > ($1.shares[first] ?? 0, $0.name) }
  }

  private static let groupsShown = 12

  public func text(_ style: TextStyle) -> String {
    var text =
      style.paragraph(
        "Primed for \(Quantity.count(steps, of: "step")) of \(Quantity.duration(seconds: secondsPerStep)) "
          + "in \(ByteCount.format(measuredPeakBytes, rounding: .up)) of arena and mapped weights; scores are in \(scoresFile).",
        tone: .heading) + "\n"
    if turns.count > 1 {
      text +=
        style.paragraph(
          "Everything at once does not fit, so \(turns.count) turns of as many steps each trained the head and a part of the rest, "
            + "with saving \(saving); changes are scaled so that the head's agree, and gradients, which cannot be compared so, are left out."
        ) + "\n"
    }
    if !unscored.isEmpty {
      text +=
        style.paragraph(
          "Scored 0, because they do not fit even alone: \(unscored.joined(separator: ", ")).", tone: .bad)
        + "\n"
    }
    return text + shares.text(style) + "\n" + costs.text(style)
  }

  private var shares: Table {
    var table = Table([.left("share of the score")] + metrics.map { .right($0.name) })
    func append(_ name: String, _ share: (String) -> Double) {
      table.append([Table.Cell(name)] + metrics.map { Table.Cell(Quantity.percent(share($0.name))) })
    }
    for group in groups.prefix(Self.groupsShown) { append(group.name) { group.shares[$0] ?? 0 } }
    let rest = groups.dropFirst(Self.groupsShown)
    if !rest.isEmpty {
      append("\(rest.count) more") { metric in rest.reduce(0) { $0 + ($1.shares[metric] ?? 0) } }
    }
    return table
  }

  private var costs: Table {
    var table = Table([.left("metric"), .left("reads"), .right("memory"), .right("time")])
    for metric in metrics {
      let state = metric.stateBytes > 0 ? " (\(ByteCount.format(metric.stateBytes)) of the step)" : ""
      table.append([
        Table.Cell(metric.name), Table.Cell(metric.reads + state), Table.Cell(ByteCount.format(metric.bytes)),
        Table.Cell(Quantity.duration(seconds: metric.seconds)),
      ])
    }
    return table
  }
}
