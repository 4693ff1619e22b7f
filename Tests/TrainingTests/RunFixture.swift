import Checkpoints
import Engine
import Foundation
import Graph
import Kernels
import Steps
import Testing

@testable import Training

/// A tiny model's engine and batches, one pair of it split, to interrupt and go on with.
struct RunFixture {
  let engine: Engine
  let batch: Batch

  static let settings = TrainingSettings(steps: 8, learningRate: 1e-2, seed: 5)
  static let origin = RunOrigin(plan: "p", weights: "w", trainingData: "t", evaluationData: "e")

  static let graph = EncoderGraph(
    EncoderConfiguration(
      family: .bert, vocabularySize: 20, maximumPositions: 8, hiddenSize: 8, feedForwardSize: 8,
      layerCount: 2, headCount: 2))

  init(_ optimizer: Optimizer) throws {
    let graph = Self.graph
    var selection = Selection.full(graph)
    selection.retained = [8, 3]
    let recipe = Recipe(batch: 2, sequence: 8, optimizer: optimizer, threads: 2)
    engine = try Engine(
      StepProgram(graph, recipe, selection), source: RandomWeights(seed: 1), learnerNodes: [[], [1, 4, 6]],
      context: KernelContext(threads: 2), seed: Self.settings.seed)
    try engine.loadWeights()
    var batch = Batch(sequences: 2, tokens: 16)
    batch.append([2, 7, 11, 3], firstSegment: 4, label: 0)
    batch.append([2, 9, 1, 15, 4, 3], firstSegment: 3, label: 1)
    self.batch = batch
  }

  /// Takes the steps up to one, counted from 1.
  func train(_ history: inout RunHistory, to last: Int) throws {
    while history.step < last {
      let step = history.step + 1
      let loss = try engine.train(
        batch, step: step, UpdateSettings(learningRate: Self.settings.learningRate(at: step)))
      history.append(loss: loss, examples: batch.sequenceCount, tokens: batch.tokenCount)
    }
  }

  var manifest: RunManifest {
    RunManifest(
      origin: Self.origin, settings: Self.settings,
      parts: engine.program.persistentBuffers.map { .init(name: $0.name, bytes: $0.bytes) })
  }

  func write(_ history: RunHistory, to path: String) throws {
    try RunCheckpoint.write(
      to: path, manifest: RunCheckpoint.encode(manifest), history: history, parts: engine.persistentBytes)
  }

  /// All bytes that one step hands to the next.
  var state: [[UInt8]] { engine.persistentBytes.map { Array($0) } }
}
