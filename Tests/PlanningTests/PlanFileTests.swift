import Files
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

private func makePlan() throws -> Plan {
  var request = smallRequest(0)
  (request.device, request.task) = ("board", "sst2")
  let far = try #require(TrainSpec("far:40")).selection(smallGraph)
  request.budgetBytes = request.charged(StepProgram(smallGraph, request.recipe, far)) + request.runtimeBytes
  return try smallPlan(request)
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
    try PlanFile.write(plan, to: directory("p.json").path)
    #expect(try PlanFile.readPlan(directory("p.json").path) == plan)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path) == ["p.json"])

    var generator = SeededGenerator(seed: 5)
    let scores = randomScores(smallGraph, using: &generator)
    let space = try DecisionSpace(smallGraph, scores: scores)
    for _ in 0..<50 {
      let selection = space.selection(space.randomChoice(using: &generator))
      var copy = plan
      copy.trainable = Plan.names(of: selection, smallGraph) { smallGraph.qualifiedName($0) }
      copy.retainedNodes = selection.retained
      copy.learnerNodes = Plan.learners(of: selection, smallGraph, scores: scores)
      #expect(try copy.selection(of: smallGraph) == selection)
    }
  }

  @Test(
    "is refused where it says something impossible, in one line that names the place",
    arguments: [
      (["kind"], "\"permafrost-scores\"", "not a permafrost-plan file"),
      (["kind"], nil, "not a permafrost-plan file"),
      (["schema"], "3", "schema 3"), (["schema"], nil, "schema 0"),
      (["budget_bytes"], "\"all\"", "budget_bytes: expected a whole number, found a string"),
      (["budget_bytes"], "1e400", "budget_bytes: '1e400' is not within"),
      (["budget_bytes"], "1.5", "budget_bytes: '1.5' is not a whole number"),
      (["budget_bytes"], "99999999999999999999", "budget_bytes: '99999999999999999999' is not within"),
      (["budget_bytes"], nil, "'budget_bytes' is missing"),
      (["status"], "\"good\"", "accepted are optimal, within_gap, quicker, not_proven, given"),
      (["recipe", "batch"], "8.5", "recipe.batch: '8.5' is not a whole number"),
      (["recipe", "batch"], "18446744073709551616", "recipe.batch: '18446744073709551616' is not within"),
      (["recipe", "frozen_weights"], nil, "recipe: 'frozen_weights' is missing"),
      (
        ["recipe", "saving"], "\"recompte\"",
        "recipe.saving: 'recompte' is not known here; accepted are keep, cheap"
      ),
      (["recipe", "optimizer"], "\"adam\"", "accepted are adamw, adamw-8bit"),
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
      (["trainable"], "[1]", "trainable[0]: expected a string"),
      (["retained_nodes"], "3", "retained_nodes: expected an array"),
      (["trainer"], "\"jax\"", "no trainer is named 'jax'; known are permafrost, pytorch, pytorch-cuda"),
      (["trainer"], "3", "trainer"), (["trainer_options"], "{\"attention\": \"flash\"}", "attention"),
      (["learner_nodes"], String(repeating: "[", count: 100_000), "not a readable file"),
    ] as [([String], String?, String)])
  func refused(keys: [String], json: String?, words: String) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(try tampered(makePlan(), keys, json), to: "p.json").path
    let error = #expect(throws: PlanError.self) { try PlanFile.readPlan(path) }
    let text = try #require(error).description
    #expect(text.contains(words) && text.contains(path) && !text.contains("\n"), "\(text)")
    #expect(error?.exitStatus == .malformedInput)
  }

  @Test(
    "is refused where a number of bytes is more than any machine has, or less than none",
    arguments: [
      "budget_bytes", "predicted_peak_bytes", "arena_bytes", "mapped_bytes", "runtime_bytes", "headroom_bytes",
    ], [Int.max, .min, (1 << 60) + 1])
  func bytes(key: String, value: Int) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(try tampered(makePlan(), [key], "\(value)"), to: "p.json").path
    let error = #expect(throws: PlanError.self) { try PlanFile.readPlan(path) }
    #expect(try #require(error).description.contains("\(key): \(value) is not within"))
    #expect(error?.exitStatus == .malformedInput)
  }

  @Test("may lack memory: headroom below zero is read")
  func negativeHeadroom() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(try tampered(makePlan(), ["headroom_bytes"], "-5"), to: "p.json").path
    #expect(try PlanFile.readPlan(path).headroomBytes == -5)
  }

  @Test("that is broken as JSON is refused with the line")
  func brokenSyntax() throws {
    let directory = try TemporaryDirectory()
    let whole = String(decoding: try PlanFile.encode(makePlan()), as: UTF8.self)
    var lines = whole.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines[4] += ","
    let path = try directory.write(lines.joined(separator: "\n"), to: "p.json").path
    let error = #expect(throws: PlanError.self) { try PlanFile.readPlan(path) }
    #expect(
      try #require(error).description.contains(
        "line 5: not valid JSON: a character that JSON does not allow there"))
  }

  @Test("says whose training it is for where that is another trainer's, and nothing of it otherwise")
  func trainer() throws {
    let directory = try TemporaryDirectory()
    var plan = try makePlan()
    let own = String(decoding: try PlanFile.encode(plan), as: UTF8.self)
    #expect(!own.contains("trainer"))
    let path = try directory.write(own, to: "own.json").path
    #expect(try PlanFile.readPlan(path).trainer == .permafrost)
    for trainer in TrainerModel.allCases where trainer != .permafrost {
      plan.trainer = trainer
      plan.trainerOptions = PyTorchOptions(attention: .eager, updateLoop: .fused, precision: .bfloat16)
      try PlanFile.write(plan, to: directory("p.json").path)
      #expect(try PlanFile.readPlan(directory("p.json").path) == plan)
      #expect(throws: PlanError.otherTrainer(trainer, verb: "train")) {
        try plan.requireOwnTrainer(for: "train")
      }
    }
    var lion = plan
    lion.recipe.optimizer = .lion
    #expect(throws: PlanError.self) { try lion.selection(of: smallGraph) }
  }

  @Test("that is missing, a directory, empty, cut short, or no JSON is refused")
  func unreadable() throws {
    let directory = try TemporaryDirectory()
    let missing = #expect(throws: PlanError.self) { try PlanFile.readPlan(directory("none.json").path) }
    #expect(missing == .missing(path: directory("none.json").path) && missing?.exitStatus == .missingInput)
    let whole = String(decoding: try PlanFile.encode(makePlan()), as: UTF8.self)
    for text in ["", "{", String(whole.prefix(whole.count / 2)), "[]", "null", "permafrost", "\u{FEFF}{}\u{0}"]
    {
      let path = try directory.write(text, to: "p.json").path
      let error = #expect(throws: PlanError.self, "\(text.prefix(20))") { try PlanFile.readPlan(path) }
      #expect(error?.exitStatus == .malformedInput)
      #expect(try !#require(error).description.contains("\n"))
    }
    let error = #expect(throws: FileError.self) { try PlanFile.readPlan(directory.url.path) }
    #expect(error?.exitStatus == .missingInput)
    #expect(throws: FileError.self) { try PlanFile.write(makePlan(), to: directory("none/p.json").path) }
  }

  @Test("is refused for a model that it does not fit, with the field that does not")
  func otherModel() throws {
    let plan = try makePlan()
    func error(_ edit: (inout Plan) throws -> Void) throws -> PlanError? {
      var changed = plan
      try edit(&changed)
      return #expect(throws: PlanError.self) { try changed.selection(of: smallGraph) }
    }
    let split = try #require(plan.retainedNodes.firstIndex { $0 > 0 && $0 < 40 })
    let count = plan.retainedNodes[split]
    let weight = smallGraph.qualifiedName(
      try #require(
        smallGraph.group(.feedForward, layer: split)?.parameters.map { smallGraph.parameters[$0] }.first {
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
      { $0.removeLast() }, { $0.append(0) }, { $0[0] = $0[1] }, { $0 = [] },
    ] {
      #expect(
        try error { edit(&$0.learnerNodes[split]) } == .badLearners(layer: split, expected: count))
    }
    for node in [-1, 40, Int.max, Int.min] {
      let outside = try error { $0.learnerNodes[split][0] = node }
      #expect(outside == .learnerOutOfRange(layer: split, found: node, limit: 39))
      #expect(
        outside?.description
          == "layer \(split): learner_nodes lists node \(node), which is not within 0...39; make the plan again"
      )
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
      let error = #expect(throws: PlanError.self) { try changed.selection(of: smallGraph) }
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
      var recipe = Recipe(batch: 1, sequence: graph.configuration.longestSequence, threads: threads)
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
