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
  let labels: [Double]
  let loss: Double
  let logits: [Float]
  let losses: [Double]
  let learningRate: Double
  let weightDecay: Double

  static let cases = ["bert", "bert-regression", "distilbert"]

  static func directory(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
  }

  static func load(_ name: String) throws -> (reference: Reference, model: Model) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let data = try Data(contentsOf: directory(name).appendingPathComponent("reference.json"))
    return (
      try decoder.decode(Reference.self, from: data),
      try ModelSource.resolve(directory(name).path, needsWeights: true)
    )
  }

  /// The batch, without the padding that PyTorch needs.
  func batch(_ problem: Problem) -> Batch {
    var batch = Batch(sequences: ids.count, tokens: ids.joined().count)
    for (index, tokens) in ids.enumerated() {
      if problem == .regression {
        batch.append(tokens, firstSegment: firstSegments[index], target: Float(labels[index]))
      } else {
        batch.append(tokens, firstSegment: firstSegments[index], label: Int32(labels[index]))
      }
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

/// An engine on a model of the fixtures, without dropout.
func makeEngine(
  _ model: Model, optimizer: Optimizer, saving: SavingPolicy = .keep, threads: Int = 2,
  select: (EncoderGraph) -> Selection = Selection.full, learners: [[Int]]? = nil
) throws -> Engine {
  let graph = model.graph.withoutDropout()
  let recipe = Recipe(batch: 4, sequence: 20, optimizer: optimizer, threads: threads, saving: saving)
  let selection = select(graph)
  let engine = try Engine(
    StepProgram(graph, recipe, selection), source: try #require(model.weights),
    learnerNodes: learners ?? Array(repeating: [], count: graph.configuration.layerCount),
    context: KernelContext(threads: threads), seed: 1)
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
    "one step's loss and every gradient agree to 1e-4, whatever is saved", arguments: Reference.cases,
    SavingPolicy.allCases)
  func gradients(name: String, saving: SavingPolicy) throws {
    let (reference, model) = try Reference.load(name)
    let engine = try makeEngine(model, optimizer: .sgd, saving: saving)
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
      // Softmax does not feel a shift of all keys, so the key bias's gradient is rounding alone, here and there.
      let isNoise = model.graph.groups[parameter.group].kind == .key && parameter.role == .bias
      let error = relativeError(gradient, expected[parameter.id], floor: isNoise ? largest : 0)
      #expect(error <= 1e-4, "\(parameter.name)")
    }
  }

  @Test("logits of an evaluation agree to 1e-4", arguments: Reference.cases)
  func logits(name: String) throws {
    let (reference, model) = try Reference.load(name)
    let engine = try makeEngine(model, optimizer: .adamw)
    try engine.evaluate(reference.batch(model.graph.configuration.problem)) { loss, logits in
      #expect(relativeError(Array(logits), reference.logits) <= 1e-4)
      #expect(abs(loss - reference.loss) <= 1e-4 * abs(reference.loss))
    }
  }

  @Test("six AdamW steps give PyTorch's losses and weights", arguments: Reference.cases, SavingPolicy.allCases)
  func training(name: String, saving: SavingPolicy) throws {
    let (reference, model) = try Reference.load(name)
    let engine = try makeEngine(model, optimizer: .adamw, saving: saving)
    let settings = UpdateSettings(
      learningRate: reference.learningRate, weightDecay: reference.weightDecay)
    for (index, expected) in reference.losses.enumerated() {
      let loss = try engine.train(
        reference.batch(model.graph.configuration.problem), step: index + 1, settings)
      #expect(abs(loss - expected) <= 1e-4 * max(1, abs(expected)), "step \(index + 1)")
    }
    let file = try SafetensorsFile(Reference.directory(name).appendingPathComponent("trained.safetensors"))
    for parameter in model.graph.parameters {
      // Its gradient is rounding alone, which AdamW makes steps of.
      if model.graph.groups[parameter.group].kind == .key && parameter.role == .bias { continue }
      let error = relativeError(
        try engine.values(parameter), try file.values(model.graph.qualifiedName(parameter)))
      #expect(error <= 1e-3, "\(parameter.name)")
    }
  }
}
