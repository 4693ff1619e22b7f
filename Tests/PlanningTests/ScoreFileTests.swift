import Foundation
import Graph
import Steps
import TestSupport
import Testing

@testable import Planning

@Suite("A score file")
struct ScoreFileTests {
  private func read(_ edit: (inout Scores) -> Void, identity: String = "small") throws -> Scores {
    let directory = try TemporaryDirectory()
    var scores = Scores.prior(smallGraph, modelIdentity: "small")
    edit(&scores)
    try PlanFile.write(scores, to: directory("s.json").path)
    return try PlanFile.readScores(directory("s.json").path, for: smallGraph, identity: identity)
  }

  @Test("holds every score, tensor names as they are, and is known again by its hash")
  func roundTrip() throws {
    var scores = Scores.prior(smallGraph, modelIdentity: "small")
    scores.steps = 12
    scores.fileIdentity = try PlanFile.identity(of: scores)
    #expect(try read { $0.steps = 12 } == scores)
  }

  @Test(
    "holds several metrics, the first to plan by unless another is named, and one that it lacks is refused in a line"
  )
  func metrics() throws {
    let prior = Scores.prior(smallGraph, modelIdentity: "small")
    let read = try read { scores in
      scores.origin = .priming
      scores.measurements = [Scores.Metric.relativeChange, .fisher].enumerated().map { index, metric in
        Scores.Measurement(
          metric: metric, tensors: prior.tensors.mapValues { $0 * Double(index + 1) },
          nodes: prior.nodes.map { $0.map { $0 * Double(index + 1) } })
      }
      (scores.turns, scores.unscored) = (3, ["pooler.dense.weight"])
    }
    #expect(read.metric == .relativeChange && read.tensors == prior.tensors && read.nodes == prior.nodes)
    #expect(read.turns == 3 && read.unscored == ["pooler.dense.weight"])
    let fisher = try read.choosing(.fisher)
    #expect(fisher.metric == .fisher && fisher.nodes[2][3] == 2 * prior.nodes[2][3])
    #expect(fisher.measurements == read.measurements)
    #expect(
      fisher.captured(by: .full(smallGraph), of: smallGraph) == 2
        * read.captured(by: .full(smallGraph), of: smallGraph))
    let error = #expect(throws: ScoresError.self) { try read.choosing(.gradientNorm) }
    #expect(error == .notMeasured(.gradientNorm, measured: [.relativeChange, .fisher]))
    let text = try #require(error).description
    #expect(
      text.contains("'gradient-norm'") && text.contains("relative-change, fisher") && !text.contains("\n"))
    #expect(error?.exitStatus == .malformedInput)
  }

  @Test("is refused for another model, with too few or too many, or with a score that cannot be one")
  func refused() throws {
    let other = #expect(throws: PlanError.self) { try read({ _ in }, identity: "large") }
    guard case .otherShape = other else {
      Issue.record("another identity gives \(String(describing: other))")
      return
    }
    let name = smallGraph.parameters[0].name
    let edits: [(inout Scores) -> Void] = [
      { $0.nodes.removeLast() }, { $0.nodes.append([]) }, { $0.nodes[1].removeLast() },
      { $0.nodes[1].append(1) },
      { $0.tensors[name] = nil }, { $0.tensors[name] = -1 }, { $0.nodes[2][3] = -1e-300 },
      { $0.tensors = $0.tensors.mapValues { _ in 1e308 } },
      { $0.measurements = [] }, { $0.measurements += $0.measurements },
      { $0.measurements.append(.init(metric: .fisher, tensors: [:], nodes: [])) },
    ]
    for (index, edit) in edits.enumerated() {
      let error = #expect(throws: PlanError.self, "edit \(index)") { try read(edit) }
      guard case .badScores = error else {
        Issue.record("edit \(index) gives \(String(describing: error))")
        continue
      }
    }
    #expect(throws: PlanError.self) { try read { $0.schema = 3 } }
    let old = #expect(throws: PlanError.self) { try read { $0.schema = 1 } }
    #expect(
      try #require(old).description.hasSuffix("schema 1, but this program reads schema 2; make the file again"))
    #expect(throws: PlanError.self) { try read { $0.kind = Plan.kind } }
  }

  @Test("cannot hold what JSON has no number for", arguments: ["NaN", "1e999", "Infinity", "\"1\"", "null"])
  func noNumbers(text: String) throws {
    let directory = try TemporaryDirectory()
    let good = String(
      decoding: try PlanFile.encode(Scores.prior(smallGraph, modelIdentity: "small")), as: UTF8.self)
    let line = try #require(good.split(separator: "\n").first { $0.contains("\"classifier.bias\"") })
    let path = try directory.write(
      good.replacingOccurrences(of: line, with: "        \"classifier.bias\" : \(text),"), to: "s.json"
    ).path
    let error = #expect(throws: PlanError.self) {
      try PlanFile.readScores(path, for: smallGraph, identity: "small")
    }
    guard case .unreadable = error else {
      Issue.record("\(text) gives \(String(describing: error))")
      return
    }
  }

  @Test("that does not fit is refused by the planner too, as is a recipe")
  func planner() throws {
    var request = smallRequest(1)
    request.recipe.batch = 1 << 50
    #expect(throws: PlanError.self) { try Planner(request).plan() }
    request.recipe.batch = 1
    request.scores.nodes = []
    #expect(throws: PlanError.self) { try Planner(request).plan() }
  }
}
