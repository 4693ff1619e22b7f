import Checkpoints
import Foundation
import Graph
import Kernels
import Steps
import Testing

@testable import Engine

/// What PyTorch computed for one small model; see Scripts/make-reference.py.
struct Reference: Decodable {
  let ids: [[Int32]]
  let firstSegments: [Int]
  let labels: [[Double]]
  let loss: Double
  let logits: [Float]
  /// By the way to train.
  let losses: [String: [Double]]
  let learningRate: Double
  let weightDecay: Double
  let maximumNorm: Double
  let learners: [[Int]]

  static let cases = [
    "bert", "bert-regression", "bert-multilabel", "bert-span", "distilbert", "distilbert-span", "roberta",
    "roberta-span", "electra",
  ]

  static func directory(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
  }

  static func load(_ name: String) throws -> (reference: Reference, model: Model) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let data = try Data(contentsOf: directory(name).appendingPathComponent("reference.json"))
    return (
      try decoder.decode(Reference.self, from: data),
      try ModelSource.resolve(
        directory(name).path, problem: problem(name), needsWeights: true)
    )
  }

  /// What the head predicts, where the files do not say.
  private static func problem(_ name: String) -> Problem? {
    if name.hasSuffix("span") { return .span }
    return name.hasSuffix("multilabel") ? .multiLabel(labels: 5) : nil
  }

  /// The batch, without the padding that PyTorch needs.
  func batch(_ problem: Problem) -> Batch {
    var batch = Batch(
      sequences: ids.count, tokens: ids.joined().count, labelsPerSequence: problem.labelsPerSequence)
    for (index, tokens) in ids.enumerated() {
      let labels = labels[index].map { label in
        switch problem {
        case .regression, .multiLabel: Int32(bitPattern: Float(label).bitPattern)
        case .classification, .span: Int32(label)
        }
      }
      batch.append(tokens, firstSegment: firstSegments[index], labels: labels)
    }
    return batch
  }
}

extension SafetensorsFile {
  /// Values of a tensor by its full name.
  func values(_ name: String) throws -> [Float] {
    let tensor = try #require(header.tensors.first { $0.name == name })
    return try [Float](unsafeUninitializedCapacity: tensor.count) { buffer, count in
      let base = try #require(buffer.baseAddress)
      try read(tensor, elements: 0..<tensor.count, into: base)
      count = tensor.count
    }
  }
}

extension EncoderGraph {
  /// The same model with every dropout off.
  func withoutDropout() -> EncoderGraph {
    var configuration = configuration
    configuration.hiddenDropout = 0
    configuration.attentionDropout = 0
    configuration.classifierDropout = 0
    return EncoderGraph(configuration)
  }
}

extension Engine {
  func values(_ parameter: Parameter) throws -> [Float] {
    var values: [Float] = []
    try readTensor(parameter) { values.append(contentsOf: $0) }
    return values
  }
}

/// Room for the fixtures' batch.
let fixtureRecipe = Recipe(batch: 4, sequence: 20, threads: 2)

/// What may change in a step without changing what it computes: what is saved, and how the batch is cut.
let equivalentRecipes: [Recipe] = [
  { _ in }, { $0.saving = .cheap }, { $0.saving = .recompute }, { $0.accumulation = 2 },
  { ($0.accumulation, $0.saving) = (4, .cheap) }, { $0.maximumGradientNorm = 1e30 },
  { ($0.threads, $0.saving) = (3, Saving(layers: [.cheap, .recompute, .keep])) },
  { ($0.accumulation, $0.saving) = (3, Saving(layers: [.recompute, .cheap, .recompute])) },
].map { (change: (inout Recipe) -> Void) in
  var recipe = fixtureRecipe
  change(&recipe)
  return recipe
}

extension Recipe {
  /// The same with as many saving policies as a model has layers.
  func fitted(to graph: EncoderGraph) -> Recipe {
    var recipe = self
    if saving.uniform == nil {
      recipe.saving = Saving(layers: Array(saving.policies.prefix(graph.configuration.layerCount)))
    }
    return recipe
  }
}

/// An engine on a model of the fixtures, without dropout.
func makeEngine(
  _ model: Model, _ recipe: Recipe = fixtureRecipe, select: (EncoderGraph) -> Selection = Selection.full,
  learners: [[Int]]? = nil
) throws -> Engine {
  let graph = model.graph.withoutDropout()
  let engine = try Engine(
    StepProgram(graph, recipe.fitted(to: graph), select(graph)), source: try #require(model.weights),
    learnerNodes: learners ?? Array(repeating: [], count: graph.configuration.layerCount),
    context: KernelContext(threads: recipe.threads), seed: 1)
  try engine.loadWeights()
  return engine
}

/// Largest difference, relative to the largest reference value or a floor above it.
func relativeError(_ values: [Float], _ reference: [Float], floor: Float = 0) -> Float {
  let scale = max(floor, reference.map(\.magnitude).max() ?? 0)
  let difference = zip(values, reference).map { ($0 - $1).magnitude }.max() ?? 0
  return values.count == reference.count ? (scale == 0 ? difference : difference / scale) : .infinity
}

@Suite("The engine against PyTorch")
struct ReferenceTests {
  @Test(
    "one step's loss and every gradient agree to 1e-4, whatever is saved and however the batch is cut",
    arguments: Reference.cases, equivalentRecipes)
  func gradients(name: String, recipe: Recipe) throws {
    let (reference, model) = try Reference.load(name)
    var recipe = recipe
    recipe.optimizer = .sgd
    let engine = try makeEngine(model, recipe)
    let before = try model.graph.parameters.map { try engine.values($0) }
    // Plain SGD leaves the gradient as the difference of the weights; a large rate keeps it above their rounding.
    let rate: Float = 4096
    let loss = try engine.train(
      reference.batch(model.graph.configuration.problem), step: 1,
      UpdateSettings(learningRate: Double(rate), weightDecay: 0))
    #expect(abs(loss - reference.loss) <= 1e-4 * abs(reference.loss))
    let file = try SafetensorsFile(Reference.directory(name).appendingPathComponent("gradients.safetensors"))
    let expected = try model.graph.parameters.map { try file.values(model.graph.qualifiedName($0)) }
    let largest = expected.joined().map(\.magnitude).max() ?? 0
    for parameter in model.graph.parameters {
      let after = try engine.values(parameter)
      let gradient = zip(before[parameter.id], after).map { ($0 - $1) / rate }
      let error = relativeError(
        gradient, expected[parameter.id], floor: isShift(parameter, of: model.graph) ? largest : 0)
      #expect(error <= 1e-4, "\(parameter.name)")
    }
    #expect(engine.highWaterBytes == engine.program.arenaBytes)
  }

  /// Softmax does not feel a shift of all keys, nor, over a sequence's tokens, of all logits: the gradient of what shifts them is rounding
  /// alone, here and there.
  private func isShift(_ parameter: Parameter, of graph: EncoderGraph) -> Bool {
    let group = graph.groups[parameter.group]
    if group.kind == .key { return parameter.role == .bias }
    guard graph.configuration.problem == .span else { return false }
    let isLast = group.layer == graph.configuration.layerCount - 1
    return group.kind == .head && parameter.role == .bias
      || group.kind == .outputNorm && isLast && parameter.role == .normShift
  }

  @Test("logits of an evaluation agree to 1e-4", arguments: Reference.cases)
  func logits(name: String) throws {
    let (reference, model) = try Reference.load(name)
    let engine = try makeEngine(model)
    try engine.evaluate(reference.batch(model.graph.configuration.problem)) { loss, logits in
      #expect(relativeError(Array(logits), reference.logits) <= 1e-4)
      #expect(abs(loss - reference.loss) <= 1e-4 * abs(reference.loss))
    }
  }

  @Test(
    "ten steps give PyTorch's losses, with every optimizer, clipped or not, split or not",
    arguments: Reference.cases, equivalentRecipes)
  func training(name: String, recipe: Recipe) throws {
    let (reference, model) = try Reference.load(name)
    let settings = UpdateSettings(learningRate: reference.learningRate, weightDecay: reference.weightDecay)
    for (way, losses) in reference.losses {
      var recipe = recipe
      let isSplit = way.hasPrefix("far")
      if way.hasSuffix("-clipped") { recipe.maximumGradientNorm = reference.maximumNorm }
      let optimizer = way.replacing("-clipped", with: "").replacing("far-", with: "")
      recipe.optimizer = try #require(isSplit && way == "far" ? .adamw : Optimizer(rawValue: optimizer))
      let engine = try makeEngine(
        model, recipe, select: { isSplit ? .split($0, reference.learners) : .full($0) },
        learners: isSplit ? reference.learners.map { $0.count == 40 ? [] : $0 } : nil)
      for (index, expected) in losses.enumerated() {
        let loss = try engine.train(
          reference.batch(model.graph.configuration.problem), step: index + 1, settings)
        #expect(abs(loss - expected) <= 1e-4 * max(1, abs(expected)), "\(way), step \(index + 1)")
      }
      #expect(engine.highWaterBytes == engine.program.arenaBytes)
      if (name, way) == ("bert", "adamw") { try compareWeights(engine, model) }
    }
  }

  private func compareWeights(_ engine: Engine, _ model: Model) throws {
    let file = try SafetensorsFile(Reference.directory("bert").appendingPathComponent("trained.safetensors"))
    for parameter in model.graph.parameters {
      // Its gradient is rounding alone, which AdamW makes steps of.
      if model.graph.groups[parameter.group].kind == .key && parameter.role == .bias { continue }
      let error = relativeError(
        try engine.values(parameter), try file.values(model.graph.qualifiedName(parameter)))
      #expect(error <= 1e-3, "\(parameter.name)")
    }
  }
}

extension Selection {
  /// FAR's: everything but the feed-forward nodes that are no learners.
  static func split(_ graph: EncoderGraph, _ learners: [[Int]]) -> Selection {
    var selection = Selection.full(graph)
    selection.retained = learners.map(\.count)
    for parameter in graph.parameters where parameter.nodeAxis != nil && parameter.role == .bias {
      if let layer = graph.groups[parameter.group].layer,
        learners[layer].count < graph.configuration.feedForwardSize
      {
        selection.trainable.remove(parameter.id)
      }
    }
    return selection
  }
}
