import Foundation
import Graph
import Optimization
import Simulation
import Steps
import TestSupport
import Testing
import TrainerModels
import Units

@testable import Planning

/// A directory that goes away with the test.
private final class TemporaryDirectory {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("planning-\(UUID().uuidString)")
  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }
}

private let graph = EncoderGraph(
  EncoderConfiguration(
    family: .bert, vocabularySize: 97, maximumPositions: 24, hiddenSize: 16, feedForwardSize: 40, layerCount: 3,
    headCount: 4))

private func makePlan() throws -> Plan {
  let scores = Scores.prior(graph, modelIdentity: "small")
  var request = PlanRequest(
    graph: graph, modelName: "small", modelIdentity: "small", recipe: Recipe(batch: 3, sequence: 8),
    alternatives: Alternatives(savings: [.keep]), scores: scores, budgetBytes: 0, mappedFree: false,
    runtimeBytes: 100, device: "board",
    task: "sst2")
  let far = try #require(TrainSpec("far:40")).selection(graph)
  request.budgetBytes = request.charged(StepProgram(graph, request.recipe, far)) + 100
  guard case .plan(let plan) = try Planner(request).plan() else { throw PlanError.badScores(reason: "") }
  return plan
}

/// Changes a plan's JSON at a path of keys, the last of which gets this JSON value; nil removes it.
private func tampered(_ plan: Plan, _ keys: [String], _ json: String?) throws -> String {
  var object = try JSONSerialization.jsonObject(with: PlanFile.encode(plan)) as? [String: Any] ?? [:]
  let marker = "\u{1}marker"
  func set(_ object: inout [String: Any], _ keys: ArraySlice<String>) {
    guard let key = keys.first else { return }
    if keys.count == 1 {
      object[key] = json == nil ? nil : marker
    } else {
      var inner = object[key] as? [String: Any] ?? [:]
      set(&inner, keys.dropFirst())
      object[key] = inner
    }
  }
  set(&object, keys[...])
  let text = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
  return text.replacingOccurrences(of: "\"\\u0001marker\"", with: json ?? "")
}

@Suite("A plan file")
struct PlanFileTests {
  @Test("holds everything of a plan, and the plan everything of the selection")
  func roundTrip() throws {
    let directory = try TemporaryDirectory()
    let plan = try makePlan()
    try PlanFile.write(plan, to: directory.path("p.json"))
    #expect(try PlanFile.readPlan(directory.path("p.json")) == plan)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path) == ["p.json"])

    var generator = SeededGenerator(seed: 5)
    let scores = randomScores(graph, using: &generator)
    let space = try DecisionSpace(graph, scores: scores)
    for _ in 0..<50 {
      let selection = space.selection(space.randomChoice(using: &generator))
      var copy = plan
      copy.trainable = Plan.names(of: selection, graph) { graph.qualifiedName($0) }
      copy.retainedNodes = selection.retained
      copy.learnerNodes = Plan.learners(of: selection, graph, scores: scores)
      #expect(try copy.selection(of: graph) == selection)
    }
  }

  @Test(
    "is refused where it says something impossible, in one line that names the place",
    arguments: [
      (["kind"], "\"permafrost-scores\"", "not a permafrost-plan file"),
      (["kind"], nil, "not a permafrost-plan file"),
      (["schema"], "3", "schema 3"), (["schema"], nil, "schema 0"),
      (["budget_bytes"], "\"all\"", "budgetBytes"), (["budget_bytes"], "1e400", "not valid JSON"),
      (["budget_bytes"], "1.5", "not valid JSON"), (["budget_bytes"], "99999999999999999999", "not valid JSON"),
      (["budget_bytes"], nil, "budgetBytes"),
      (["objective"], "NaN", "not a readable file"), (["status"], "\"perfect\"", "status"),
      (["recipe", "batch"], "-1", "must be positive"), (["recipe", "batch"], "0", "must be positive"),
      (["recipe", "sequence"], "0", "must be positive"),
      (["recipe", "threads"], "-9223372036854775808", "positive"),
      (["recipe", "optimizer"], "\"adam\"", "optimizer"), (["recipe", "saving"], "null", "saving"),
      (["model", "configuration", "layer_count"], "1000000000", "layer count"),
      (["model", "configuration", "layer_count"], "0", "layer count"),
      (["model", "configuration", "hidden_size"], "9223372036854775807", "hidden size"),
      (["model", "configuration", "feed_forward_size"], "300000", "absurdly large"),
      (["model", "configuration", "head_count"], "0", "head count"),
      (["model", "configuration", "head_count"], "3", "multiple"),
      (["model", "configuration", "type_vocabulary_size"], "-1", "token types"),
      (["model", "configuration", "problem"], "{\"classification\": {\"labels\": 1099511627776}}", "outputs"),
      (["model", "configuration", "hidden_dropout"], "1", "dropout"),
      (["model", "configuration", "family"], "\"gpt\"", "family"),
      (["trainable"], "[1]", "trainable"), (["retained_nodes"], "3", "retainedNodes"),
      (["trainer"], "\"jax\"", "no trainer is named 'jax'; known are permafrost, pytorch, pytorch-cuda"),
      (["trainer"], "3", "trainer"), (["trainer_options"], "{\"attention\": \"flash\"}", "attention"),
      (["learner_nodes"], String(repeating: "[", count: 100_000), "not a readable file"),
    ] as [([String], String?, String)])
  func refused(keys: [String], json: String?, words: String) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(try tampered(makePlan(), keys, json), to: "p.json")
    let error = #expect(throws: PlanError.self) { try PlanFile.readPlan(path) }
    let text = try #require(error).description
    #expect(text.contains(words) && text.contains(path) && !text.contains("\n"), "\(text)")
    #expect(error?.exitStatus == .malformedInput)
  }

  @Test("says whose training it is for where that is another trainer's, and nothing of it otherwise")
  func trainer() throws {
    let directory = try TemporaryDirectory()
    var plan = try makePlan()
    let own = String(decoding: try PlanFile.encode(plan), as: UTF8.self)
    #expect(!own.contains("trainer"))
    let path = try directory.write(own, to: "own.json")
    #expect(try PlanFile.readPlan(path).trainer == .permafrost)
    for trainer in TrainerModel.allCases where trainer != .permafrost {
      plan.trainer = trainer
      plan.trainerOptions = PyTorchOptions(attention: .eager, updateLoop: .fused, precision: .bfloat16)
      try PlanFile.write(plan, to: directory.path("p.json"))
      #expect(try PlanFile.readPlan(directory.path("p.json")) == plan)
      #expect(throws: PlanError.otherTrainer(trainer, verb: "train")) {
        try plan.requireOwnTrainer(for: "train")
      }
    }
    var lion = plan
    lion.recipe.optimizer = .lion
    #expect(throws: PlanError.self) { try lion.selection(of: graph) }
  }

  @Test("that is missing, a directory, empty, cut short, or no JSON is refused")
  func unreadable() throws {
    let directory = try TemporaryDirectory()
    let missing = #expect(throws: PlanError.self) { try PlanFile.readPlan(directory.path("none.json")) }
    #expect(missing == .missing(path: directory.path("none.json")) && missing?.exitStatus == .missingInput)
    let whole = String(decoding: try PlanFile.encode(makePlan()), as: UTF8.self)
    for text in ["", "{", String(whole.prefix(whole.count / 2)), "[]", "null", "permafrost", "\u{FEFF}{}\u{0}"]
    {
      let path = try directory.write(text, to: "p.json")
      let error = #expect(throws: PlanError.self, "\(text.prefix(20))") { try PlanFile.readPlan(path) }
      #expect(error?.exitStatus == .malformedInput)
      #expect(try !#require(error).description.contains("\n"))
    }
    let error = #expect(throws: PlanError.self) { try PlanFile.readPlan(directory.url.path) }
    #expect(error?.exitStatus == .malformedInput)
    #expect(throws: PlanError.self) { try PlanFile.write(makePlan(), to: directory.path("none/p.json")) }
  }

  @Test("is refused for a model that it does not fit, with the field that does not")
  func otherModel() throws {
    let plan = try makePlan()
    func error(_ edit: (inout Plan) throws -> Void) throws -> PlanError? {
      var changed = plan
      try edit(&changed)
      return #expect(throws: PlanError.self) { try changed.selection(of: graph) }
    }
    let split = try #require(plan.retainedNodes.firstIndex { $0 > 0 && $0 < 40 })
    let count = plan.retainedNodes[split]
    let weight = graph.qualifiedName(
      try #require(
        graph.group(.feedForward, layer: split)?.parameters.map { graph.parameters[$0] }.first {
          $0.isSplitByNode
        }))
    #expect(try error { $0.trainable.append("bert.extra") } == .unknownTensor("bert.extra"))
    #expect(try error { $0.trainable.append("") } == .unknownTensor(""))
    #expect(try error { $0.trainable.append(weight) } == .contradictoryNodes(weight))
    #expect(try error { $0.retainedNodes.append(0) } == .wrongLayers(expected: 3, found: 3))
    #expect(try error { $0.learnerNodes = [] } == .wrongLayers(expected: 3, found: 0))
    for nodes in [-1, 41, Int.max, Int.min] {
      #expect(
        try error { $0.retainedNodes[split] = nodes }
          == .nodesOutOfRange(layer: split, found: nodes, limit: 40))
    }
    for edit: (inout [Int]) -> Void in [
      { $0.removeLast() }, { $0.append(0) }, { $0[0] = $0[1] }, { $0[0] = -1 }, { $0[0] = 40 }, { $0 = [] },
    ] {
      #expect(
        try error { edit(&$0.learnerNodes[split]) } == .badLearners(layer: split, expected: count))
    }
    #expect(
      try error { ($0.retainedNodes[split], $0.learnerNodes[split]) = (40, [0]) }
        == .badLearners(layer: split, expected: 0))
  }

  @Test("with a batch that cannot be counted is refused before anything is lowered")
  func absurdRecipes() throws {
    let plan = try makePlan()
    for edit: (inout Recipe) -> Void in [
      { $0.batch = 1 << 44 }, { $0.batch = .max }, { $0.sequence = 1 << 40 }, { $0.sequence = 25 },
      { $0.threads = .max }, { ($0.batch, $0.threads) = (1 << 40, 64) },
    ] {
      var changed = plan
      edit(&changed.recipe)
      let error = #expect(throws: PlanError.self) { try changed.selection(of: graph) }
      guard case .badRecipe = error else {
        Issue.record("\(changed.recipe) gives \(String(describing: error))")
        continue
      }
    }
  }
}

extension PlanFileTests {
  @Test(
    "with the largest batch that is not refused can be lowered, placed and counted",
    arguments: ModelFamily.allCases)
  func largestRecipe(family: ModelFamily) throws {
    for (hidden, layers, threads) in [(16, 1, 1), (768, 2, 64), (4096, 1, 3)] {
      let graph = EncoderGraph(
        EncoderConfiguration(
          family: family, vocabularySize: 30_522, hiddenSize: hidden, feedForwardSize: 4 * hidden,
          layerCount: layers, headCount: 8))
      var recipe = Recipe(batch: 1, sequence: 512, threads: threads)
      while recipe.brokenRule(for: graph) == nil { recipe.batch *= 2 }
      recipe.batch /= 2
      for saving in Saving.uniforms {
        recipe.saving = saving
        let simulation = Simulation(TrainingStep(StepTemplate(graph, recipe), .full(graph)))
        #expect(simulation.peakBytes > recipe.batch && simulation.operations > recipe.batch)
        #expect(simulation.bytesMoved > simulation.peakBytes)
      }
    }
  }
}

@Suite("A score file")
struct ScoreFileTests {
  private func read(_ edit: (inout Scores) -> Void, identity: String = "small") throws -> Scores {
    let directory = try TemporaryDirectory()
    var scores = Scores.prior(graph, modelIdentity: "small")
    edit(&scores)
    try PlanFile.write(scores, to: directory.path("s.json"))
    return try PlanFile.readScores(directory.path("s.json"), for: graph, identity: identity)
  }

  @Test("holds every score, tensor names as they are, and is known again by its hash")
  func roundTrip() throws {
    var scores = Scores.prior(graph, modelIdentity: "small")
    scores.steps = 12
    scores.fileIdentity = try PlanFile.identity(of: scores)
    #expect(try read { $0.steps = 12 } == scores)
  }

  @Test(
    "holds several metrics, the first to plan by unless another is named, and one that it lacks is refused in a line"
  )
  func metrics() throws {
    let prior = Scores.prior(graph, modelIdentity: "small")
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
    #expect(fisher.captured(by: .full(graph), of: graph) == 2 * read.captured(by: .full(graph), of: graph))
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
    let name = graph.parameters[0].name
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
    let good = String(decoding: try PlanFile.encode(Scores.prior(graph, modelIdentity: "small")), as: UTF8.self)
    let line = try #require(good.split(separator: "\n").first { $0.contains("\"classifier.bias\"") })
    let path = try directory.write(
      good.replacingOccurrences(of: line, with: "        \"classifier.bias\" : \(text),"), to: "s.json")
    let error = #expect(throws: PlanError.self) { try PlanFile.readScores(path, for: graph, identity: "small") }
    guard case .unreadable = error else {
      Issue.record("\(text) gives \(String(describing: error))")
      return
    }
  }

  @Test("that does not fit is refused by the planner too, as is a recipe")
  func planner() throws {
    var request = PlanRequest(
      graph: graph, modelName: "small", modelIdentity: "small", recipe: Recipe(batch: 1 << 50, sequence: 8),
      scores: .prior(graph, modelIdentity: "small"), budgetBytes: 1 << 30, mappedFree: false, runtimeBytes: 0)
    #expect(throws: PlanError.self) { try Planner(request).plan() }
    request.recipe.batch = 1
    request.scores.nodes = []
    #expect(throws: PlanError.self) { try Planner(request).plan() }
  }
}
