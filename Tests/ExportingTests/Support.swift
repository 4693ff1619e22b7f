import Foundation
import Graph
import Planning
import Steps
import TestSupport

/// A small encoder, sizes chosen so that no two dimensions coincide; ELECTRA's embeddings have a width of their own.
func smallEncoder(
  _ family: ModelFamily, layers: Int = 3, activation: Activation = .gelu,
  problem: Problem = .classification(labels: 3)
) -> EncoderGraph {
  EncoderGraph(
    EncoderConfiguration(
      family: family, vocabularySize: 61, maximumPositions: 24, embeddingSize: family == .electra ? 12 : nil,
      hiddenSize: 16, feedForwardSize: 40, layerCount: layers, headCount: 4, activation: activation,
      problem: problem
    ))
}

/// A request whose scores are random, so that learners lie scattered among the nodes.
func request(
  _ graph: EncoderGraph, named name: String = "small", saving: Saving = .keep, budget: Int = 1 << 30,
  seed: UInt64 = 1
) -> PlanRequest {
  var generator = SeededGenerator(seed: seed)
  func score() -> Double { Double.random(in: 0.1..<1, using: &generator) }
  let scores = Scores(
    origin: .priming, modelIdentity: "identity",
    tensors: Dictionary(
      uniqueKeysWithValues: graph.parameters.filter { !$0.isSplitByNode }.map { ($0.name, score()) }),
    nodes: (0..<graph.configuration.layerCount).map { _ in
      (0..<graph.configuration.feedForwardSize).map { _ in score() }
    })
  return PlanRequest(
    graph: graph, modelName: name, modelIdentity: "identity",
    recipe: Recipe(batch: 4, sequence: 12, saving: saving), scores: scores, budgetBytes: budget,
    mappedFree: false, runtimeBytes: 0)
}

/// What people choose by hand, and what the planner makes of a budget too small for everything.
func plans(_ graph: EncoderGraph) throws -> [(label: String, plan: Plan)] {
  let specs: [TrainSpec] = [.full, .head, .last(1), .last(2), .bitfit, .far(percent: 10), .frozenEmbeddings]
  var plans = specs.map { ($0.description, Plan.given($0.selection(graph), request(graph))) }
  let most = Plan.given(.full(graph), request(graph)).predictedPeakBytes
  let least = Plan.given(TrainSpec.head.selection(graph), request(graph)).predictedPeakBytes
  for percent in [15, 40, 70] {
    let budget = least + (most - least) * percent / 100
    guard case .plan(let plan) = try Planner(request(graph, budget: budget)).plan() else { continue }
    plans.append(("planned within \(percent) %", plan))
  }
  return plans
}

/// Any tensors, any numbers of nodes: combinations that no planner proposes.
func randomPlan(_ graph: EncoderGraph, seed: UInt64) -> Plan {
  var generator = SeededGenerator(seed: seed)
  let saving = Saving.uniforms.randomElement(using: &generator) ?? .keep
  return .given(randomSelection(graph, seed: seed), request(graph, saving: saving, seed: seed))
}

func randomSelection(_ graph: EncoderGraph, seed: UInt64) -> Selection {
  var generator = SeededGenerator(seed: seed)
  var selection = Selection.frozen(graph)
  selection.train(graph.groups[graph.groups.count - 1], of: graph)
  for parameter in graph.parameters where !parameter.isSplitByNode {
    if Bool.random(using: &generator) { selection.trainable.insert(parameter.id) }
  }
  for layer in selection.retained.indices {
    selection.retained[layer] = [0, 1, 13, 39, 40].randomElement(using: &generator) ?? 0
  }
  return selection
}

/// A Python of the machine's, for the tests that need one.
struct PythonInterpreter {
  let path: String

  /// Any Python 3 on the search path.
  static let plain = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .map { "\($0)/python3" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    .map { PythonInterpreter(path: $0) }

  /// One that has torch and transformers, named by `PERMAFROST_PYTHON`.
  static let withTorch = ProcessInfo.processInfo.environment["PERMAFROST_PYTHON"]
    .map { PythonInterpreter(path: $0) }

  /// Runs Python to its end; gives its exit code and all that it wrote.
  func run(_ arguments: [String]) throws -> (code: Int32, output: String) {
    try withTemporaryDirectory { directory in
      // A file, not a pipe: reading a pipe can be interrupted by the end of another test's process.
      let file = directory.appendingPathComponent("output")
      try Data().write(to: file)
      let handle = try FileHandle(forWritingTo: file)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: path)
      process.arguments = arguments
      process.environment = ProcessInfo.processInfo.environment.merging([
        "PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1",
      ]) { $1 }
      process.standardOutput = handle
      process.standardError = handle
      try process.run()
      process.waitUntilExit()
      return (process.terminationStatus, try String(contentsOf: file, encoding: .utf8))
    }
  }
}
