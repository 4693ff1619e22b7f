import Foundation
import Graph
import TestSupport
import Testing

@testable import Checkpoints

@Suite("Finding models")
struct ModelSourceTests {
  private let directory: TemporaryDirectory
  private var environment: [String: String] { ["HF_HUB_CACHE": directory("hub").path] }

  init() throws { directory = try TemporaryDirectory() }

  /// Writes a model as a cache would hold it, and gives its snapshot.
  @discardableResult
  private func cache(_ name: String, in hub: String = "hub", _ encoder: EncoderConfiguration = tinyBERT) throws
    -> URL
  {
    let repository = "\(hub)/models--" + name.replacingOccurrences(of: "/", with: "--")
    _ = try directory.write("0123abcd", to: repository + "/refs/main")
    try write(encoder, to: repository + "/snapshots/0123abcd")
    return directory(repository + "/snapshots/0123abcd")
  }

  private func write(_ encoder: EncoderConfiguration, to path: String) throws {
    let graph = EncoderGraph(encoder)
    _ = try directory.write(HuggingFaceConfiguration(encoder).contents(), to: path + "/config.json")
    try writeTensors(tensors(of: graph, named: graph.qualifiedName), to: directory(path + "/model.safetensors"))
  }

  @Test("a directory with config.json is the model, whatever its name")
  func directories() throws {
    try write(tinyBERT, to: "bert-base-uncased")
    let model = try ModelSource.resolve(directory("bert-base-uncased").path + "/", environment: environment)
    #expect(model.displayName == "bert-base-uncased")
    #expect(model.graph.configuration == tinyBERT)
    #expect(model.weights != nil)
    #expect(model.directory?.path == directory("bert-base-uncased").path)
  }

  @Test("a directory without weights is a shape, unless weights are wanted")
  func shapeOnly() throws {
    try write(tinyBERT, to: "m")
    try FileManager.default.removeItem(at: directory("m/model.safetensors"))
    #expect(try ModelSource.resolve(directory("m").path, environment: environment).weights == nil)
    let error = #expect(throws: CheckpointError.self) {
      try ModelSource.resolve(directory("m").path, needsWeights: true, environment: environment)
    }
    #expect(error?.reason == .noWeights)
  }

  @Test("a name of the catalogue is a shape; a checkpoint of that shape has the same identity")
  func catalogue() throws {
    let shape = try ModelSource.resolve("prajjwal1/bert-tiny", problem: .regression, environment: environment)
    #expect(shape.weights == nil && shape.directory == nil)
    #expect(shape.displayName == "bert-tiny")
    #expect(shape.graph.configuration.problem == .regression)
    try write(shape.graph.configuration, to: "mine")
    let checkpoint = try ModelSource.resolve(
      directory("mine").path, needsWeights: true, environment: environment)
    #expect(checkpoint.weights != nil)
    #expect(checkpoint.identity == shape.identity)
  }

  @Test(
    "where weights are wanted, the catalogue's models come from the cache",
    arguments: ["prajjwal1/bert-tiny", "bert-tiny"])
  func cachedCatalogue(folder: String) throws {
    #expect(
      throws: ModelSourceError.noWeights(name: "prajjwal1/bert-tiny", cache: directory("hub").path)
    ) { try ModelSource.resolve("bert-tiny", needsWeights: true, environment: environment) }
    let snapshot = try cache(folder)
    for name in ["bert-tiny", "prajjwal1/bert-tiny"] {
      let model = try ModelSource.resolve(name, needsWeights: true, environment: environment)
      #expect(model.weights != nil)
      #expect(model.directory?.path == snapshot.path)
    }
    #expect(try ModelSource.resolve("bert-tiny", environment: environment).weights == nil)
  }

  @Test("any repository of the cache is found, by its name alone where that is unique")
  func cachedOther() throws {
    try cache("someone/my-encoder", tinyDistilBERT)
    for name in ["someone/my-encoder", "my-encoder"] {
      let model = try ModelSource.resolve(name, needsWeights: true, environment: environment)
      #expect(model.graph.configuration == tinyDistilBERT)
    }
    try cache("another/my-encoder")
    #expect(
      try ModelSource.resolve("another/my-encoder", environment: environment).graph.configuration == tinyBERT)
    #expect(throws: ModelSourceError.self) { try ModelSource.resolve("my-encoder", environment: environment) }
  }

  @Test("the cache is where the environment says, as in huggingface_hub")
  func environments() throws {
    let home = directory.url.path
    for (environment, expected) in [
      (["HF_HUB_CACHE": "/a", "HF_HOME": "/b", "HOME": home], "/a"),
      (["HF_HUB_CACHE": "", "HF_HOME": "/b", "HOME": home], "/b/hub"),
      (["HF_HOME": "~/b", "HOME": home], home + "/b/hub"),
      (["XDG_CACHE_HOME": "/c", "HOME": home], "/c/huggingface/hub"),
      (["HOME": home], home + "/.cache/huggingface/hub"),
    ] {
      #expect(HuggingFaceCache(environment: environment).directory.path == expected)
    }
    try cache("a/b", in: ".cache/huggingface/hub")
    #expect(try ModelSource.resolve("a/b", environment: ["HOME": home]).graph.configuration == tinyBERT)
  }

  @Test("a cache without reference, with a reference that leads elsewhere, or without config.json has no model")
  func brokenCache() throws {
    let snapshot = try cache("a/b")
    let reference = "hub/models--a--b/refs/main"
    for text in ["", "../../x", "feedbeef"] {
      _ = try directory.write(text, to: reference)
      #expect(throws: ModelSourceError.self, "\(text)") {
        try ModelSource.resolve("a/b", environment: environment)
      }
    }
    _ = try directory.write("0123abcd\n", to: reference)
    #expect(try ModelSource.resolve("a/b", environment: environment).displayName == "a/b")
    try FileManager.default.removeItem(at: snapshot.appendingPathComponent("config.json"))
    #expect(throws: ModelSourceError.self) { try ModelSource.resolve("a/b", environment: environment) }
  }

  @Test("an unknown name is a missing input: where it was sought, and what is near")
  func unknown() throws {
    try cache("someone/my-encoder")
    let error = #expect(throws: ModelSourceError.self) {
      try ModelSource.resolve("bert-base-uncassed", environment: environment)
    }
    #expect(error?.exitStatus == .missingInput)
    #expect(
      error?.description
        == "no model 'bert-base-uncassed': it is no directory with config.json, not in the catalogue, and not in the "
        + "Hugging Face cache \(directory("hub").path); near it: bert-base-uncased, bert-base-cased, bert-large-uncased"
    )
    for (text, near) in [
      ("encoder", ["someone/my-encoder"]), ("zzzzzzzzzzzzzzzzzz", []), ("", []), ("a/b/c", []), ("../..", []),
    ] {
      #expect(
        throws: ModelSourceError.notFound(text, cache: directory("hub").path, near: near), "\(text)"
      ) { try ModelSource.resolve(text, environment: environment) }
    }
  }
}
