import Checkpoints
import Graph
import Kernels
import Steps
import TestSupport
import Testing

@testable import Engine

@Suite("Training in part")
struct SelectionTests {
  /// One step of plain SGD; the values of every tensor before and after.
  private func step(
    _ name: String, _ recipe: Recipe, selection: @escaping (EncoderGraph) -> Selection,
    learners: [[Int]]? = nil
  ) throws -> (graph: EncoderGraph, before: [[Float]], after: [[Float]]) {
    let (reference, model) = try Reference.load(name)
    var recipe = recipe
    recipe.optimizer = .sgd
    let engine = try makeEngine(model, recipe, select: selection, learners: learners)
    let before = try model.graph.parameters.map { try engine.values($0) }
    _ = try engine.train(
      reference.batch(model.graph.configuration.problem), step: 1,
      UpdateSettings(learningRate: 8, weightDecay: 0))
    return (model.graph, before, try model.graph.parameters.map { try engine.values($0) })
  }

  @Test("a selection's tensors move as in full fine-tuning, and nothing else moves by a bit", arguments: 0..<24)
  func partial(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let name = Reference.cases[Int(seed) % Reference.cases.count]
    let recipe = equivalentRecipes[Int(seed) % equivalentRecipes.count]
    let graph = try Reference.load(name).model.graph
    let nodes = graph.configuration.feedForwardSize
    var selection = Selection.frozen(graph)
    for parameter in graph.parameters where !parameter.isSplitByNode {
      if Bool.random(using: &generator) { selection.trainable.insert(parameter.id) }
    }
    var learners: [[Int]] = []
    for layer in selection.retained.indices {
      selection.retained[layer] = [0, 1, 7, nodes].randomElement(using: &generator) ?? 0
      let count = selection.retained[layer]
      learners.append(
        count == nodes ? [] : Array((0..<nodes).shuffled(using: &generator).prefix(count)).sorted())
    }
    let chosen = selection
    let full = try step(name, fixtureRecipe, selection: Selection.full)
    let part = try step(name, recipe, selection: { _ in chosen }, learners: learners)
    for parameter in graph.parameters {
      let layer = graph.groups[parameter.group].layer
      let width = parameter.shape.last ?? 1
      for index in 0..<parameter.count {
        var trains = chosen.trainable.contains(parameter.id)
        if let axis = parameter.nodeAxis, let layer {
          let node = axis == 1 ? index % width : index / (parameter.count / nodes)
          trains = trains || chosen.retained[layer] == nodes || learners[layer].contains(node)
        }
        let (was, now) = (part.before[parameter.id][index], part.after[parameter.id][index])
        if trains {
          let expected = full.after[parameter.id][index]
          #expect(
            abs(now - expected) <= 2e-5 * max(1, abs(expected)), "\(parameter.name)[\(index)], seed \(seed)")
        } else {
          #expect(now == was, "\(parameter.name)[\(index)] is frozen, seed \(seed)")
        }
      }
    }
  }

  @Test(
    "reconfiguration does not change the function: logits are those of the unsplit model",
    arguments: ["bert", "distilbert"])
  func reconfiguration(name: String) throws {
    let (reference, model) = try Reference.load(name)
    let batch = reference.batch(model.graph.configuration.problem)
    let whole = try makeEngine(model).evaluate(batch) { Array($1) }
    let split = try makeEngine(
      model,
      select: { graph in
        var selection = Selection.full(graph)
        selection.retained = [4, 40, 0]
        return selection
      }, learners: [[3, 8, 21, 39], [], []])
    #expect(relativeError(try split.evaluate(batch) { Array($1) }, whole) <= 1e-5)
  }

  @Test("the whole arena is used and no more, and frozen tensors are those that are mapped")
  func memory() throws {
    let (reference, model) = try Reference.load("bert")
    let engine = try makeEngine(
      model,
      select: { graph in
        var selection = Selection.frozen(graph)
        for group in graph.groups where group.layer == 2 || group.kind == .head {
          selection.train(group, of: graph)
        }
        return selection
      })
    _ = try engine.train(
      reference.batch(model.graph.configuration.problem), step: 1, UpdateSettings(learningRate: 1e-3))
    #expect(engine.highWaterBytes == engine.program.arenaBytes)
    #expect(engine.mappedTensors.reduce(0) { $0 + $1.bytes.count } == engine.program.mappedBytes)
  }

  @Test("the same seed and threads give the same losses, bit for bit; another seed gives others")
  func determinism() throws {
    let (reference, model) = try Reference.load("bert")
    func losses(seed: UInt64) throws -> [Double] {
      let graph = model.graph
      let engine = try Engine(
        StepProgram(graph, Recipe(batch: 4, sequence: 20, threads: 2), .full(graph)),
        source: try #require(model.weights), learnerNodes: [[], [], []], context: KernelContext(threads: 2),
        seed: seed)
      try engine.loadWeights()
      return try (1...5).map {
        try engine.train(
          reference.batch(graph.configuration.problem), step: $0, UpdateSettings(learningRate: 1e-3))
      }
    }
    #expect(try losses(seed: 3) == losses(seed: 3))
    #expect(try losses(seed: 3) != losses(seed: 4))
  }

  @Test("a batch that the plan has no room for, an unknown token and an unknown label are refused")
  func refusals() throws {
    let (_, model) = try Reference.load("bert")
    let engine = try makeEngine(model)
    func refused(_ fill: (inout Batch) -> Void) -> EngineError? {
      var batch = Batch(sequences: 8, tokens: 200)
      fill(&batch)
      do {
        try engine.evaluate(batch) { _, _ in }
        return nil
      } catch { return error as? EngineError }
    }
    #expect(
      refused { $0.append([1, 2, 61], firstSegment: 3, label: 0) } == .tokenOutOfRange(id: 61, vocabulary: 61))
    #expect(refused { $0.append([1, 2], firstSegment: 2, label: 3) } == .labelOutOfRange(label: 3, labels: 3))
    #expect(refused { $0.append([], firstSegment: 0, label: 0) } == .emptySequence(index: 0))
    let long = refused { $0.append(Array(repeating: 1, count: 21), firstSegment: 21, label: 0) }
    #expect(long == .batchTooLarge(sequences: 1, tokens: 21, limitSequences: 1, limitTokens: 20))
    let many = refused { batch in for _ in 0..<5 { batch.append([1], firstSegment: 1, label: 0) } }
    #expect(many == .batchTooLarge(sequences: 5, tokens: 5, limitSequences: 4, limitTokens: 80))
  }
}
