import Files
import Foundation
import Graph
import TestSupport
import Testing

@testable import Checkpoints

@Suite("Sharded checkpoints")
struct ShardTests {
  private let graph = EncoderGraph(tinyBERT)
  private let directory: TemporaryDirectory
  private let first = "model-00001-of-00002.safetensors"
  private let second = "model-00002-of-00002.safetensors"

  /// Even parameters in the first shard, odd ones in the second.
  init() throws {
    directory = try TemporaryDirectory()
    let all = tensors(of: graph, named: graph.qualifiedName)
    try writeTensors(all.enumerated().filter { $0.offset % 2 == 0 }.map(\.element), to: directory(first))
    try writeTensors(all.enumerated().filter { $0.offset % 2 == 1 }.map(\.element), to: directory(second))
    try writeIndex(all.enumerated().map { ($0.element.name, $0.offset % 2 == 0 ? first : second) })
  }

  private func writeIndex(_ map: [(String, String)]) throws {
    let members = map.map { "\"\($0.0)\":\"\($0.1)\"" }.joined(separator: ",")
    _ = try directory.write(
      "{\"metadata\":{\"total_size\":1},\"weight_map\":{\(members)}}", to: "model.safetensors.index.json")
  }

  private var map: [(String, String)] {
    graph.parameters.map { (graph.qualifiedName($0), $0.id % 2 == 0 ? first : second) }
  }

  private func reason() -> CheckpointError.Reason? {
    let error = #expect(throws: CheckpointError.self) {
      try WeightStore(directory: directory.url, graph: graph)
    }
    #expect(error?.path == directory("model.safetensors.index.json").path)
    return error?.reason
  }

  @Test("two shards are one checkpoint")
  func sound() throws {
    let store = try WeightStore(directory: directory.url, graph: graph)
    #expect(store.files.map(\.url.lastPathComponent) == [first, second])
    for parameter in graph.parameters {
      let name = graph.qualifiedName(parameter)
      #expect(try store.values(of: parameter) == elements(of: name, count: parameter.count))
    }
    #expect(try store.weightsIdentity().count == 64)
  }

  @Test("a single file wins over an index, and neither is an error")
  func precedence() throws {
    try writeTensors(tensors(of: graph, named: graph.qualifiedName), to: directory("model.safetensors"))
    #expect(try WeightStore(directory: directory.url, graph: graph).files.count == 1)
    let empty = try TemporaryDirectory()
    let error = #expect(throws: CheckpointError.self) { try WeightStore(directory: empty.url, graph: graph) }
    #expect(error?.reason == .noWeights)
    #expect(error?.exitStatus == .missingInput)
  }

  @Test("a tensor that its shard does not hold is an error")
  func absent() throws {
    try writeIndex(map + [("cls.bias", first)])
    #expect(reason() == .notInShard(tensor: "cls.bias", shard: first))
    try writeIndex(map.map { ($0.0, $0.0 == "classifier.bias" ? second == $0.1 ? first : second : $0.1) })
    guard case .notInShard("classifier.bias", _) = reason() else {
      Issue.record("a tensor in the other shard went unnoticed")
      return
    }
  }

  @Test("a tensor in two shards is an error")
  func twice() throws {
    let odd = graph.parameters.filter { $0.id % 2 == 1 }.map(graph.qualifiedName)
    let even = graph.qualifiedName(graph.parameters[0])
    try writeTensors((odd + [even]).map { .init(name: $0, shape: [1]) }, to: directory(second))
    #expect(reason() == .inTwoShards(tensor: even, first, second))
  }

  @Test("a tensor that the index does not list is an error")
  func unlisted() throws {
    try writeIndex(map.dropLast())
    let last = map[map.count - 1]
    #expect(reason() == .notInIndex(tensor: last.0, shard: last.1))
  }

  @Test("a shard that is absent is a missing input")
  func missingShard() throws {
    try FileManager.default.removeItem(at: directory(second))
    #expect(throws: FileError(.open, path: directory(second).path, code: ENOENT)) {
      try WeightStore(directory: directory.url, graph: graph)
    }
  }

  @Test(
    "an index that leads elsewhere or is no index is an error",
    arguments: [
      ("{\"weight_map\":{\"a\":\"../x.safetensors\"}}", .shardOutsideDirectory("../x.safetensors")),
      ("{\"weight_map\":{\"a\":\"\"}}", .shardOutsideDirectory("")),
      ("{\"weight_map\":{\"a\":\"..\"}}", .shardOutsideDirectory("..")),
      ("{\"weight_map\":{\"a\":1}}", .invalidIndex("the shard of tensor a is not a string")),
      ("{\"weight_map\":[]}", .invalidIndex("weight_map is not an object")),
      ("{}", .invalidIndex("weight_map is not an object")),
      ("{\"weight_map\":{\"a\":\"x\",\"a\":\"y\"}}", .invalidIndex("the key 'a' occurs twice (byte 23)")),
      ("", .invalidIndex("the text ends inside a value (byte 0)")),
    ] as [(String, CheckpointError.Reason)])
  func hostile(index: String, reason expected: CheckpointError.Reason) throws {
    _ = try directory.write(index, to: "model.safetensors.index.json")
    #expect(reason() == expected)
  }
}
