import Checkpoints
import Graph
import Kernels
import Steps
import Testing

@testable import Engine

/// A tiny encoder of two layers, sizes chosen so that no two dimensions coincide.
private func tinyEncoder(
  _ family: ModelFamily = .bert, _ problem: Problem = .classification(labels: 3), hidden: Int = 12
) -> EncoderGraph {
  EncoderGraph(
    EncoderConfiguration(
      family: family, vocabularySize: 37, maximumPositions: 11, embeddingSize: family == .electra ? 8 : nil,
      hiddenSize: hidden, feedForwardSize: 20, layerCount: 2, headCount: 2, problem: problem))
}

/// Five sequences of one to seven tokens.
private func tinyBatch(_ problem: Problem) -> Batch {
  var batch = Batch(sequences: 5, tokens: 35, labelsPerSequence: problem.labelsPerSequence)
  for (index, length) in [7, 1, 4, 7, 2].enumerated() {
    let ids = (0..<length).map { Int32(($0 * 5 + index * 11) % 37) }
    batch.append(
      ids, firstSegment: (length + 1) / 2, labels: repeatElement(0, count: problem.labelsPerSequence))
  }
  return batch
}

private func partly(_ graph: EncoderGraph) -> Selection {
  var selection = Selection.frozen(graph)
  for group in graph.groups where group.layer == 1 || group.kind == .head { selection.train(group, of: graph) }
  selection.retained = [3, 0]
  return selection
}

private let selections: [(name: String, of: @Sendable (EncoderGraph) -> Selection, learners: [[Int]])] = [
  ("full", Selection.full, [[], []]), ("in part", partly, [[1, 5, 17], []]),
]

/// Losses of three steps, having checked that the step used exactly the bytes that were predicted.
@discardableResult
private func losses(
  _ graph: EncoderGraph, _ recipe: Recipe, _ selection: Selection, _ learners: [[Int]],
  source: (any ParameterSource)? = nil
) throws -> [Double] {
  let engine = try Engine(
    StepProgram(graph, recipe, selection), source: source ?? HeldWeights(graph), learnerNodes: learners,
    context: KernelContext(threads: recipe.threads), seed: 9)
  try engine.loadWeights()
  let batch = tinyBatch(graph.configuration.problem)
  let losses = try (1...3).map { try engine.train(batch, step: $0, UpdateSettings(learningRate: 1e-3)) }
  #expect(engine.highWaterBytes == engine.program.arenaBytes, "\(recipe)")
  let mapped = engine.mappedTensors.reduce(0) { $0 + $1.bytes.count }
  #expect(mapped == engine.program.mappedBytes, "\(recipe)")
  return losses
}

@Suite("Every combination of techniques")
struct CombinationTests {
  @Test(
    "uses exactly the bytes predicted, and trains", arguments: Optimizer.allCases, Steps.WeightFormat.allCases)
  func techniques(optimizer: Optimizer, format: Steps.WeightFormat) throws {
    let graph = tinyEncoder()
    for (name, select, learners) in selections {
      for saving in Saving.uniforms + [Saving(layers: [.recompute, .cheap])] {
        for (accumulation, norm) in [(1, nil), (2, nil), (1, 0.1), (5, 0.1)] as [(Int, Double?)] {
          let recipe = Recipe(
            batch: 5, sequence: 7, accumulation: accumulation, optimizer: optimizer,
            maximumGradientNorm: norm, threads: 2, saving: saving, frozenWeights: format)
          let values = try losses(graph, recipe, select(graph), learners)
          let areFinite = values.allSatisfy { $0.isFinite }
          #expect(areFinite, "\(name), \(recipe)")
        }
      }
    }
  }

  @Test(
    "uses exactly the bytes predicted for every family and head", arguments: ModelFamily.allCases,
    [Problem.classification(labels: 3), .regression, .multiLabel(labels: 4), .span])
  func models(family: ModelFamily, problem: Problem) throws {
    let graph = tinyEncoder(family, problem)
    for (_, select, learners) in selections {
      for recipe in [
        Recipe(batch: 5, sequence: 7),
        Recipe(
          batch: 5, sequence: 7, accumulation: 3, optimizer: .adafactor, maximumGradientNorm: 1, threads: 3,
          saving: Saving(layers: [.cheap, .recompute]), frozenWeights: .int8),
      ] { try losses(graph, recipe, select(graph), learners) }
    }
  }

  @Test("8-bit states follow F32's on tensors that are large enough, and are a quarter of their size")
  func eightBit() throws {
    let graph = tinyEncoder(hidden: 128)
    let recipes = [Optimizer.adamw, .adamw8bit].map {
      Recipe(batch: 5, sequence: 7, optimizer: $0, threads: 2)
    }
    let curves = try recipes.map { try losses(graph, $0, .full(graph), [[], []]) }
    #expect(curves[0] != curves[1])
    for (exact, rounded) in zip(curves[0], curves[1]) { #expect(abs(exact - rounded) < 0.02 * exact) }
    let bytes = recipes.map { recipe in
      TrainingStep(StepTemplate(graph, recipe), .full(graph)).buffers.reduce(0) {
        $0 + ($1.category == .optimizer ? $1.bytes : 0)
      }
    }
    #expect(bytes[1] * 3 < bytes[0])
  }

  @Test(
    "frozen weights in fewer bits compute what those rounded values do in F32",
    arguments: [Steps.WeightFormat.bfloat16, .float16, .int8])
  func rounded(format: Steps.WeightFormat) throws {
    let graph = tinyEncoder()
    var selection = Selection.frozen(graph)
    for parameter in graph.parameters where parameter.isHead || parameter.role.isAdditive {
      selection.trainable.insert(parameter.id)
    }
    var recipe = Recipe(batch: 5, sequence: 7, threads: 2, frozenWeights: format)
    let held = try losses(graph, recipe, selection, [[], []])
    let kernelFormat = ElementFormat.weights(format).kernel
    recipe.frozenWeights = .float32
    let source = HeldWeights(graph, rounded: (kernelFormat, selection))
    let exact = try losses(graph, recipe, selection, [[], []], source: source)
    let unrounded = try losses(graph, recipe, selection, [[], []])
    for (value, expected) in zip(held, exact) { #expect(abs(value - expected) <= 1e-5 * expected) }
    #expect(exact != unrounded)
  }

  @Test("what is kept in fewer bits is handed back as the checkpoint has it")
  func unchanged() throws {
    let graph = tinyEncoder()
    let source = HeldWeights(graph)
    let engine = try Engine(
      StepProgram(graph, Recipe(batch: 5, sequence: 7, frozenWeights: .int8), partly(graph)), source: source,
      learnerNodes: [[1, 5, 17], []], context: KernelContext(threads: 1), seed: 9)
    try engine.loadWeights()
    for parameter in graph.parameters {
      let original = try #require(source.mappedFloats(parameter))
      let values = try engine.values(parameter)
      #expect(values == Array(original), "\(parameter.name)")
    }
  }

  @Test(
    "what is saved changes no loss but by rounding, dropout and all",
    arguments: ModelFamily.allCases, [Problem.regression, .span])
  func policies(family: ModelFamily, problem: Problem) throws {
    let graph = tinyEncoder(family, problem)
    for (_, select, learners) in selections {
      let curves = try (Saving.uniforms + [Saving(layers: [.recompute, .cheap])]).map {
        try losses(
          graph, Recipe(batch: 5, sequence: 7, threads: 2, saving: $0), select(graph), learners)
      }
      for curve in curves.dropFirst() {
        for (value, expected) in zip(curve, curves[0]) { #expect(abs(value - expected) <= 1e-5 * expected) }
      }
    }
  }
}
