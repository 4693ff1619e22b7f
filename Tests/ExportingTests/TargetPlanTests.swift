import Graph
import Optimization
import Steps
import TestSupport
import Testing

@testable import Exporting
@testable import Planning

/// A question for one target on a graph so small that everything the target can carry out is tried.
private struct TargetProblem {
  var request: PlanRequest
  let expressible: Expressible
  /// Of every selection that the target can carry out and the planner can decide: its share of the score and the least budget
  /// under which it fits by any recipe that the target can be told; best first.
  let ranked: [(share: Double, budget: Int)]

  init(_ target: any ExportTarget, seed: Int) throws {
    var generator = SeededGenerator(seed: seed)
    let family = ModelFamily.allCases[seed % ModelFamily.allCases.count]
    let graph = EncoderGraph(
      EncoderConfiguration(
        family: family, vocabularySize: 31, maximumPositions: 16 + family.firstPosition, hiddenSize: 8,
        feedForwardSize: 20, layerCount: target.splitting == nil ? seed % 3 + 1 : 1, headCount: 2,
        problem: .classification(labels: 2)))
    expressible = target.expressible(graph)
    request = ExportingTests.request(graph, seed: UInt64(seed))
    request.target = try target.planTarget(for: graph)
    request.alternatives = Alternatives(
      savings: Array(Saving.uniforms.shuffled(using: &generator).prefix(1)) + [.keep],
      optimizers: seed % 2 == 0 ? [.sgd, .adamw] : [.adamw, .lion, .sgd])
    if seed % 4 == 1 { request.alternatives.accumulations = [1, 3, 4] }
    request.options = SolveOptions(relativeGap: 0)
    // What is left to choose must be little enough to try it all.
    while Self.choices(expressible, request.pins.freeze, graph) > 4 {
      let shape = expressible.shapes.randomElement(using: &generator)
      let unit = shape?.units.filter { $0.fixed == nil }.randomElement(using: &generator)
      request.pins.freeze += unit?.parameters.map { graph.parameters[$0].name } ?? []
    }
    let (pinned, all) = (request, expressible)
    let total = request.scores.captured(by: .full(graph), of: graph)
    let templates = request.recipes.map(request.template)
    ranked = Set(all.shapes.flatMap { Self.members($0, all, pinned) }).map { selection in
      let budgets = templates.map { pinned.budget(for: StepProgram($0, selection)) }
      return (pinned.scores.captured(by: selection, of: graph) / total, budgets.min() ?? .max)
    }.sorted { $0.0 > $1.0 }
  }

  /// The most units of a shape that may train or not.
  private static func choices(_ expressible: Expressible, _ frozen: [String], _ graph: EncoderGraph) -> Int {
    expressible.shapes.map { free($0, Set(frozen), graph).count }.max() ?? 0
  }

  private static func free(
    _ shape: Expressible.Shape, _ frozen: Set<String>, _ graph: EncoderGraph
  ) -> [Expressible.Unit] {
    shape.units.filter { unit in
      unit.fixed == nil && !unit.parameters.contains { frozen.contains(graph.parameters[$0].name) }
    }
  }

  private static func members(
    _ shape: Expressible.Shape, _ expressible: Expressible, _ request: PlanRequest
  ) -> [Selection] {
    let graph = request.graph
    let nodes = graph.configuration.feedForwardSize
    let free = free(shape, Set(request.pins.freeze), graph)
    var pins = request.pins
    pins.freeze += shape.units.filter { $0.fixed == false }.flatMap(\.parameters)
      .map { graph.parameters[$0].name }
    pins.groups = []
    guard let space = try? DecisionSpace(graph, scores: request.scores, pins: pins) else { return [] }
    var members: [Selection] = []
    for subset in 0..<(1 << free.count) {
      var whole = Selection.frozen(graph)
      let chosen = free.indices.filter { subset >> $0 & 1 == 1 }.map { free[$0] }
      for id in (shape.units.filter { $0.fixed == true } + chosen).flatMap(\.parameters) {
        let parameter = graph.parameters[id]
        if parameter.isSplitByNode, let layer = graph.groups[parameter.group].layer {
          whole.retained[layer] = nodes
        } else {
          whole.trainable.insert(id)
        }
      }
      var split = [whole]
      for layer in whole.retained.indices where whole.retained[layer] > 0 && expressible.splitsNodes {
        split = split.flatMap { selection in
          DecisionSpace.retentionPercents.map { percent in
            var selection = selection
            selection.retained[layer] = nodes * percent / 100
            return selection
          }
        }
      }
      members += split
    }
    return members.filter { expressible.allows($0, of: graph) && space.contains($0, pins: request.pins) }
  }

  /// The largest share that keeps the budget; nil for none.
  func optimum() -> Double? { ranked.first { $0.budget <= request.budgetBytes }?.share }

  /// The least budget under which anything fits.
  func least() -> Int? { ranked.map(\.budget).min() }
}

extension DecisionSpace {
  /// Whether the planner can decide this: in every group one of its options or nothing, and of a head all that is not frozen.
  fileprivate func contains(_ selection: Selection, pins: Pins) -> Bool {
    choices.allSatisfy { choice in
      let wanted = choice.group.parameters.map { selection.trainedCount(graph.parameters[$0], of: graph) }
      let offered = choice.options.map { option in
        let alone = MemoryProgram.selection(choice, option, graph)
        return choice.group.parameters.map { alone.trainedCount(graph.parameters[$0], of: graph) }
      }
      let isFree =
        choice.group.kind != .head || choice.options.isEmpty
        || choice.group.parameters.contains { pins.freeze.contains(graph.parameters[$0].name) }
      return isFree ? wanted.allSatisfy { $0 == 0 } || offered.contains(wanted) : offered.last == wanted
    }
  }
}

@Suite("Planning for a trainer, against everything that it can carry out")
struct TargetPlanTests {
  private static let names = ExportTargets.all.map(\.name).filter { $0 != "tiny-training" }

  @Test("finds the best that it can carry out, which is written as it stands", arguments: names, 0..<2)
  func agrees(name: String, seed: Int) throws {
    let target = try ExportTargets.named(name)
    var problem = try TargetProblem(target, seed: seed)
    let label = "\(name), seed \(seed)"
    let graph = problem.request.graph
    let least = try #require(problem.least(), "\(label): nothing is expressible")
    let most =
      problem.request.recipes.map {
        problem.request.budget(for: StepProgram(problem.request.template($0), .full(graph)))
      }.max() ?? least
    for percent in [-1, 5, 40] {
      let step = (most - least) * percent / 100
      problem.request.budgetBytes = least + (percent < 0 ? -1 : step)
      let optimum = problem.optimum()
      switch try Planner(problem.request).plan() {
      case .infeasible(let answer):
        #expect(optimum == nil, "\(label), \(percent) %")
        #expect(answer.smallestFeasibleBudgetBytes == least, "\(label), \(percent) %")
      case .plan(let plan):
        let optimum = try #require(optimum, "\(label), \(percent) %")
        #expect(abs(plan.objective - optimum) < 1e-6, "\(label), \(percent) %: \(plan.objective) of \(optimum)")
        #expect(plan.bound >= optimum - 1e-6, "\(label), \(percent) %: bound \(plan.bound)")
        #expect(plan.target == name && target.recipe.allows(plan.recipe), "\(label): \(plan.recipe)")
        guard case .exact = try Export.make(plan, for: target, producer: "test") else {
          Issue.record("\(label), \(percent) %: refused")
          continue
        }
        guard percent == 40 else { continue }
        var open = problem.request
        open.options.relativeGap = 0.05
        open.target = nil
        guard case .plan(let any) = try Planner(open).plan() else {
          Issue.record("\(label), \(percent) %: infeasible without the target")
          continue
        }
        #expect(plan.objective <= any.bound + 1e-6, "\(label), \(percent) %: \(plan.objective) of \(any.bound)")
      }
    }
  }
}
