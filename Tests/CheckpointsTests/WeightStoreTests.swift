import Foundation
import Graph
import TestSupport
import Testing

@testable import Checkpoints

@Suite("Weight stores")
struct WeightStoreTests {
  private func store(_ tensors: [SafetensorsWriter.Tensor], _ graph: EncoderGraph) throws -> WeightStore {
    let directory = try TemporaryDirectory()
    try writeTensors(tensors, to: directory("model.safetensors"))
    return try WeightStore(directory: directory.url, graph: graph)
  }

  private func reason(_ tensors: [SafetensorsWriter.Tensor], _ graph: EncoderGraph) -> CheckpointError.Reason? {
    let error = #expect(throws: CheckpointError.self) { try store(tensors, graph) }
    #expect(error?.description.contains("\n") == false)
    return error?.reason
  }

  @Test("names with and without the family's prefix find their parameters", arguments: tinyModels)
  func prefixes(configuration: EncoderConfiguration) throws {
    let graph = EncoderGraph(configuration)
    for name in [\Parameter.name, nil] as [KeyPath<Parameter, String>?] {
      let name = { (parameter: Parameter) in
        name.map { parameter[keyPath: $0] } ?? graph.qualifiedName(parameter)
      }
      let store = try store(tensors(of: graph, named: name), graph)
      #expect(store.freshParameters.isEmpty)
      #expect(store.ignoredTensors.isEmpty)
      for parameter in graph.parameters {
        #expect(store.contains(parameter))
        #expect(store.checkpointName(for: parameter) == name(parameter))
        let expected = elements(of: name(parameter), count: parameter.count)
        #expect(try store.values(of: parameter) == expected)
        #expect(store.mappedFloats(parameter).map(Array.init) == expected)
        let last = parameter.count - 1
        #expect(try store.values(of: parameter, last..<last + 1) == [expected[last]])
        #expect(store.location(of: parameter)?.tensor.shape == parameter.shape)
      }
    }
  }

  @Test("TensorFlow's names for LayerNorm are understood")
  func gammaBeta() throws {
    let graph = EncoderGraph(tinyBERT)
    let store = try store(
      tensors(of: graph) {
        $0.name.replacingOccurrences(of: "LayerNorm.weight", with: "LayerNorm.gamma")
          .replacingOccurrences(of: "LayerNorm.bias", with: "LayerNorm.beta")
      }, graph)
    let names = graph.parameters.compactMap(store.checkpointName)
    #expect(names.count == graph.parameters.count)
    #expect(names.filter { $0.hasSuffix("LayerNorm.gamma") || $0.hasSuffix("LayerNorm.beta") }.count == 10)
  }

  @Test("buffers and the heads of other tasks are left alone")
  func ignored() throws {
    let graph = EncoderGraph(tinyBERT)
    let others = [
      "bert.embeddings.position_ids", "cls.predictions.bias", "cls.seq_relationship.weight", "qa_outputs.bias",
      "vocab_transform.weight",
    ]
    let store = try store(
      tensors(of: graph, named: graph.qualifiedName)
        + others.map { SafetensorsWriter.Tensor(name: $0, shape: [2]) }, graph)
    #expect(store.ignoredTensors == others)
  }

  @Test(
    "a pretrained checkpoint's own heads and pooler are left alone, and the task's head starts afresh",
    arguments: tinyModels)
  func pretrained(configuration: EncoderConfiguration) throws {
    let graph = EncoderGraph(configuration)
    let prefix = configuration.family.namePrefix
    // What the published checkpoints of the families hold beside their encoders.
    let others = [
      "classifier.extra.weight", "cls.predictions.bias", "discriminator_predictions.dense.weight",
      "lm_head.dense.weight", "vocab_projector.bias",
    ]
    let hasPooler = graph.group(.pooler) != nil
    let pooler = hasPooler ? [] : ["pooler.dense.bias", "pooler.dense.weight"].map { prefix + $0 }
    let store = try store(
      tensors(of: graph) { $0.isHead ? nil : graph.qualifiedName($0) }
        + (others + pooler).map { SafetensorsWriter.Tensor(name: $0, shape: [2]) }, graph)
    #expect(store.ignoredTensors == (others + pooler).sorted())
    #expect(store.freshParameters == graph.parameters.filter(\.isHead).map(\.id))
  }

  @Test("a checkpoint without head, or without pooler, starts them afresh and says so")
  func fresh() throws {
    let bert = EncoderGraph(tinyBERT)
    let headless = try store(tensors(of: bert) { $0.isHead ? nil : $0.name }, bert)
    #expect(
      headless.freshParameters.map { bert.parameters[$0].name } == ["classifier.weight", "classifier.bias"])
    let poolerless = try store(
      tensors(of: bert) { $0.name.hasPrefix("pooler") || $0.isHead ? nil : $0.name }, bert)
    #expect(poolerless.freshParameters.count == 4)
    let distil = EncoderGraph(tinyDistilBERT)
    #expect(try store(tensors(of: distil) { $0.isHead ? nil : $0.name }, distil).freshParameters.count == 4)

    let initial = InitialWeights(checkpoint: headless, seed: 9)
    for parameter in bert.parameters {
      let expected =
        try parameter.isHead
        ? RandomWeights(seed: 9).values(of: parameter) : elements(of: parameter.name, count: parameter.count)
      #expect(try initial.values(of: parameter) == expected)
      #expect(initial.mappedFloats(parameter).map(Array.init) == (parameter.isHead ? nil : expected))
    }
    let random = InitialWeights(checkpoint: nil, seed: 9)
    #expect(try random.values(of: bert.parameters[0]) == RandomWeights(seed: 9).values(of: bert.parameters[0]))
  }

  @Test("a parameter that is missing, misshapen, doubled or unknown is an error with names and shapes")
  func unsound() throws {
    let graph = EncoderGraph(tinyBERT)
    let sound = tensors(of: graph, named: graph.qualifiedName)
    func extra(_ name: String, _ shape: [Int]) -> [SafetensorsWriter.Tensor] {
      sound + [.init(name: name, shape: shape)]
    }
    func reshaping(_ name: String, _ shape: [Int]) -> [SafetensorsWriter.Tensor] {
      sound.map { $0.name == name ? .init(name: name, shape: shape) : $0 }
    }

    #expect(
      reason(sound.filter { !$0.name.hasSuffix("query.weight") }, graph)
        == .missing(tensor: "encoder.layer.0.attention.self.query.weight", expected: [4, 4], others: 1))
    #expect(
      reason(sound.filter { $0.name != "classifier.bias" }, graph)
        == .incomplete(group: "head", missing: "classifier.bias"))
    #expect(
      reason(sound.filter { $0.name != "bert.pooler.dense.weight" }, graph)
        == .incomplete(group: "pooler", missing: "pooler.dense.weight"))
    // Transposed: as many elements, another shape.
    #expect(
      reason(reshaping("bert.encoder.layer.1.intermediate.dense.weight", [4, 6]), graph)
        == .wrongShape(
          tensor: "bert.encoder.layer.1.intermediate.dense.weight", expected: [6, 4], got: [4, 6]))
    #expect(
      reason(reshaping("classifier.weight", [2, 4]), graph)
        == .wrongShape(tensor: "classifier.weight", expected: [3, 4], got: [2, 4]))
    #expect(
      reason(extra("pooler.dense.bias", [4]), graph)
        == .ambiguous(tensor: "pooler.dense.bias", "bert.pooler.dense.bias", "pooler.dense.bias"))
    #expect(
      reason(extra("bert.encoder.layer.2.output.dense.bias", [4]), graph)
        == .unexpected(tensor: "bert.encoder.layer.2.output.dense.bias"))
  }

  @Test("16-bit checkpoints widen; 64-bit and integer parameters are refused", arguments: DataType.allCases)
  func dataTypes(type: DataType) throws {
    // One layer's bias in another type; the rest stays F32.
    let graph = EncoderGraph(tinyBERT)
    var members: [String] = []
    var end = 0
    for parameter in graph.parameters where !parameter.isHead {
      let isOdd = parameter.name == "pooler.dense.bias"
      let begin = end
      end += parameter.count * (isOdd ? type.bitWidth : 32) / 8
      members.append(
        "\"\(parameter.name)\":{\"dtype\":\"\(isOdd ? type.rawValue : "F32")\",\"shape\":\(parameter.shape),"
          + "\"data_offsets\":[\(begin),\(end)]}")
    }
    let directory = try TemporaryDirectory()
    let file = try directory.write(
      safetensors("{" + members.joined(separator: ",") + "}", dataBytes: end), to: "model.safetensors")
    let isRead: Set<DataType> = [.float32, .float16, .bfloat16]
    if isRead.contains(type) {
      let store = try WeightStore(directory: directory.url, graph: graph)
      let parameter = try #require(graph.parameters.first { $0.name == "pooler.dense.bias" })
      #expect(try store.values(of: parameter).count == 4)
    } else {
      #expect(
        throws: CheckpointError(
          path: file.path, reason: .unsupportedDataType(tensor: "pooler.dense.bias", type))
      ) { try WeightStore(directory: directory.url, graph: graph) }
    }
  }

  @Test("the weights' identity changes with any byte, and is that of the files")
  func identity() throws {
    let graph = EncoderGraph(tinyBERT)
    let directory = try TemporaryDirectory()
    try writeTensors(tensors(of: graph, named: graph.qualifiedName), to: directory("model.safetensors"))
    let identity = try WeightStore(directory: directory.url, graph: graph).weightsIdentity()
    #expect(identity.count == 64)
    #expect(try WeightStore(directory: directory.url, graph: graph).weightsIdentity() == identity)
    var bytes = try [UInt8](Data(contentsOf: directory("model.safetensors")))
    bytes[bytes.count - 1] ^= 1
    _ = try directory.write(bytes, to: "model.safetensors")
    #expect(try WeightStore(directory: directory.url, graph: graph).weightsIdentity() != identity)
  }
}
