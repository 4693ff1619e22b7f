import Files
import Foundation
import Graph
import TestSupport
import Testing

@testable import Checkpoints

@Suite("Writing checkpoints")
struct CheckpointWriterTests {
  private let directory: TemporaryDirectory
  private var out: URL { directory("out") }

  init() throws { directory = try TemporaryDirectory() }

  private func model(_ encoder: EncoderConfiguration, in source: URL? = nil) -> Model {
    Model(configuration: HuggingFaceConfiguration(encoder), directory: source, displayName: "tiny")
  }

  private func write(_ model: Model, overwriting: Bool = false) throws {
    try CheckpointWriter.write(model, to: out, overwriting: overwriting) { parameter, sink in
      // In two pieces, as a tensor split by node is.
      let values = elements(of: parameter.name, count: parameter.count)
      try values[..<1].withUnsafeBufferPointer { try sink.write($0) }
      try values[1...].withUnsafeBufferPointer { try sink.write($0) }
    }
  }

  @Test("a written checkpoint loads as the same model with the same weights", arguments: tinyModels)
  func roundTrip(encoder: EncoderConfiguration) throws {
    for name in ["tokenizer.json", "vocab.txt", "merges.txt", "README.md"] {
      _ = try directory.write(name, to: "source/\(name)")
    }
    let model = model(encoder, in: directory("source"))
    try write(model)
    #expect(
      directory.names.filter { $0.hasPrefix("out/") }
        == ["config.json", "merges.txt", "model.safetensors", "tokenizer.json", "vocab.txt"].map { "out/" + $0 }
    )
    let again = try ModelSource.resolve(out.path, needsWeights: true, environment: [:])
    #expect(again.graph.configuration == encoder)
    #expect(again.identity == model.identity)
    let weights = try #require(again.weights)
    #expect(weights.freshParameters.isEmpty && weights.ignoredTensors.isEmpty)
    for parameter in again.graph.parameters {
      #expect(weights.checkpointName(for: parameter) == again.graph.qualifiedName(parameter))
      #expect(try weights.values(of: parameter) == elements(of: parameter.name, count: parameter.count))
    }
  }

  @Test("a failure leaves nothing behind, and what was there stays")
  func failure() throws {
    struct Stop: Error {}
    try write(model(tinyBERT))
    let before = directory.names
    #expect(throws: Stop.self) {
      try CheckpointWriter.write(model(tinyBERT), to: out, overwriting: true) { parameter, sink in
        guard parameter.id < 5 else { throw Stop() }
        try elements(of: parameter.name, count: parameter.count).withUnsafeBufferPointer { try sink.write($0) }
      }
    }
    #expect(directory.names == before)
    #expect(try ModelSource.resolve(out.path, environment: [:]).weights != nil)
  }

  @Test("a checkpoint is replaced only when told, and nothing but a checkpoint ever")
  func overwriting() throws {
    try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
    try write(model(tinyBERT))
    #expect(throws: CheckpointError(path: out.path, reason: .directoryExists)) {
      try write(model(tinyDistilBERT))
    }
    try write(model(tinyDistilBERT), overwriting: true)
    #expect(try ModelSource.resolve(out.path, environment: [:]).graph.configuration == tinyDistilBERT)
    #expect(directory.names == ["out", "out/config.json", "out/model.safetensors"])

    try FileManager.default.removeItem(at: out)
    _ = try directory.write("precious", to: "out/thesis.tex")
    #expect(throws: CheckpointError(path: out.path, reason: .notACheckpoint)) {
      try write(model(tinyBERT), overwriting: true)
    }
    try FileManager.default.removeItem(at: out)
    _ = try directory.write("precious", to: "out")
    #expect(throws: CheckpointError(path: out.path, reason: .notADirectory)) {
      try write(model(tinyBERT), overwriting: true)
    }
    #expect(try String(contentsOf: out, encoding: .utf8) == "precious")
  }

  @Test("an absent parent directory is an error, and is not made")
  func absentParent() throws {
    let target = directory("no/such/out")
    #expect(throws: FileError(.create, path: target.path, code: ENOENT)) {
      try CheckpointWriter.write(model(tinyBERT), to: target) { _, _ in }
    }
    #expect(directory.names.isEmpty)
  }
}
