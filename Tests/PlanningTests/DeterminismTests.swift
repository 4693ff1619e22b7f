import Graph
import Optimization
import Steps
import TestSupport
import Testing

@testable import Planning

@Suite("Planning the same twice")
struct DeterminismTests {
  /// Everything that a plan is made of, as text.
  ///
  /// Swift seeds its hash function anew in every process, so that what depends on the order of a dictionary or a set
  /// differs between processes, not within one.
  private static func everything() throws -> String {
    var generator = SeededGenerator(seed: 11)
    let graph = EncoderGraph(
      EncoderConfiguration(
        family: .bert, vocabularySize: 97, maximumPositions: 24, hiddenSize: 16, feedForwardSize: 40,
        layerCount: 2, headCount: 4))
    let scores = randomScores(graph, using: &generator)
    var text = ""
    for (policy, share) in zip(Saving.uniforms, [0.3, 0.5, 0.7]) {
      let recipe = Recipe(batch: 3, sequence: 8, saving: policy)
      let template = StepTemplate(graph, recipe)
      var program = MemoryProgram(
        template: template, space: try DecisionSpace(graph, scores: scores), countsMapped: true)
      for kernel in template.kernels.indices { program.addPeakRow(kernel: kernel, capacity: 1 << 20) }
      text += try program.model.lpFormat()
      var request = PlanRequest(
        graph: graph, modelName: "small", modelIdentity: "small", recipe: recipe, scores: scores,
        budgetBytes: 0, mappedFree: false, runtimeBytes: 0)
      let full = StepProgram(template, .full(graph))
      request.budgetBytes = Int(Double(full.peakBytes) * share)
      if case .plan(var plan) = try Planner(request).plan() {
        plan.solveSeconds = 0
        text += String(decoding: try PlanFile.encode(plan), as: UTF8.self)
        text += "\(scores.captured(by: try plan.selection(of: graph), of: graph))\n"
      }
      text += full.training.buffers.map { "\($0.name) \($0.storage) \($0.bytes)\n" }.joined()
      text += full.training.kernels.map { "\($0.name) \($0.operands.map(\.buffer))\n" }.joined()
    }
    return text
  }

  /// The first lines that differ, or nil.
  private static func difference(_ first: some StringProtocol, _ second: some StringProtocol) -> String? {
    if first == second { return nil }
    let pair = zip(first.split(separator: "\n"), second.split(separator: "\n")).first { $0 != $1 }
    return pair.map { "\($0) / \($1)" } ?? "one is longer"
  }

  @Test("gives the same programs, plans and steps to the last byte, in this process and in others")
  func processes() async throws {
    let here = try Self.everything()
    #expect(here.contains("permafrost-plan"))
    #expect(Self.difference(here, try Self.everything()) == nil)
    var seeds = Set<String>()
    for _ in 0..<2 {
      let child = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
        print("BEGIN", "seed".hashValue, try DeterminismTests.everything(), "END", separator: "\u{1}")
      }
      let output = String(decoding: try #require(child).standardOutputContent, as: UTF8.self)
      let parts = output.split(separator: "\u{1}", omittingEmptySubsequences: false)
      let start = try #require(parts.firstIndex { $0.hasSuffix("BEGIN") })
      seeds.insert(String(parts[start + 1]))
      #expect(Self.difference(parts[start + 2], here) == nil)
    }
    // Otherwise nothing was tried: the environment may ask for deterministic hashing.
    #expect(seeds.count > 1)
  }
}
