import Checkpoints
import Foundation
import Graph
import Planning
import Steps
import TestSupport
import Testing

@testable import Exporting

/// These need a Python with torch and transformers, named by `PERMAFROST_PYTHON`; a checkpoint named by
/// `PERMAFROST_CHECKPOINT` is tried as well.
@Suite("On transformers' own models", .enabled(if: PythonInterpreter.withTorch != nil))
struct TransformersTests {
  @Test("every promise of the module holds", arguments: ModelFamily.allCases)
  func promises(family: ModelFamily) throws {
    let graph = smallEncoder(family)
    let random = (0..<8).map { ("seed \($0)", randomPlan(graph, seed: $0)) }
    try check(plans(graph) + random, of: graph)
  }

  @Test(
    "also for another activation, and for heads that predict a number, several labels and spans",
    arguments: ModelFamily.allCases, [.regression, .multiLabel(labels: 5), .span] as [Problem])
  func heads(family: ModelFamily, problem: Problem) throws {
    let graph = smallEncoder(family, activation: .relu, problem: problem)
    try check([("head", .given(TrainSpec.far(percent: 30).selection(graph), request(graph)))], of: graph)
  }

  @Test("and on a real checkpoint", .enabled(if: checkpoint != nil))
  func real() throws {
    let path = try #require(checkpoint)
    let model = try ModelSource.resolve(path, problem: .classification(labels: 2))
    try check(plans(model.graph), on: path)
  }

  private func check(_ plans: [(label: String, plan: Plan)], of graph: EncoderGraph) throws {
    try withTemporaryDirectory { directory in
      try configuration(graph.configuration).write(to: directory.appendingPathComponent("config.json"))
      try check(plans, on: directory.path)
    }
  }

  private func check(_ plans: [(label: String, plan: Plan)], on model: String) throws {
    let python = try #require(PythonInterpreter.withTorch)
    try withTemporaryDirectory { directory in
      let files = try plans.flatMap { label, plan in
        let base = directory.appendingPathComponent(label.replacing(" ", with: "-")).path
        try PlanFile.write(plan, to: base + ".json")
        let module = try PyTorchExporter(producer: "permafrost test").export(plan)
        try Data(module.utf8).write(to: URL(fileURLWithPath: base + ".py"))
        return [base + ".json", base + ".py"]
      }
      let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Scripts/check-export").path
      let answer = try python.run([script, model] + files)
      #expect(answer.code == 0, "\(answer.output)")
      print(answer.output)  // how far everything differs, for those who asked for these tests
      // One line a plan: a script that checked nothing would exit with 0 as well.
      #expect(answer.output.matches(of: /"logits_reloaded"/).count == plans.count, "\(answer.output)")
    }
  }

  private func configuration(_ c: EncoderConfiguration) throws -> Data {
    let sizes: [String: Any] =
      switch c.family {
      case .bert, .roberta, .xlmRoberta, .electra:
        [
          "hidden_size": c.hiddenSize, "intermediate_size": c.feedForwardSize,
          "num_hidden_layers": c.layerCount,
          "num_attention_heads": c.headCount, "type_vocab_size": c.typeVocabularySize,
          "embedding_size": c.embeddingSize, "hidden_act": c.activation.rawValue,
        ]
      case .distilbert:
        [
          "dim": c.hiddenSize, "hidden_dim": c.feedForwardSize, "n_layers": c.layerCount,
          "n_heads": c.headCount,
          "activation": c.activation.rawValue,
        ]
      }
    return try JSONSerialization.data(
      withJSONObject: sizes.merging(
        [
          "model_type": c.family.rawValue, "vocab_size": c.vocabularySize,
          "max_position_embeddings": c.maximumPositions,
        ]) { $1 })
  }
}

private let checkpoint = ProcessInfo.processInfo.environment["PERMAFROST_CHECKPOINT"]
