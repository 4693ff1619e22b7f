import Graph
import Testing

@testable import Steps

@Suite("What a trainer can express")
struct ExpressibleTests {
  private let graph = EncoderGraph(
    EncoderConfiguration(
      family: .distilbert, vocabularySize: 7, maximumPositions: 5, hiddenSize: 4, feedForwardSize: 6,
      layerCount: 2,
      headCount: 2))

  private func id(_ name: String) throws -> ParameterID {
    try #require(graph.parameters.first { $0.name.hasSuffix(name) }).id
  }

  private func selection(_ ids: [ParameterID], retained: [Int] = [0, 0]) -> Selection {
    Selection(trainable: Set(ids), retained: retained)
  }

  @Test("each tensor for itself allows all but split nodes; these too where the trainer splits them")
  func tensors() throws {
    let some = try selection([id("0.attention.q_lin.bias"), id("classifier.weight")])
    let split = selection([], retained: [3, 0])
    #expect(Expressible.tensors(graph).allows(some, of: graph))
    #expect(!Expressible.tensors(graph).allows(split, of: graph))
    #expect(Expressible.tensors(graph, splitsNodes: true).allows(split, of: graph))
    #expect(Expressible.tensors(graph).subset(of: split, graph) == .frozen(graph))
    let around = try #require(Expressible.tensors(graph).superset(of: split, graph))
    let bias = try id("0.ffn.lin1.bias")
    #expect(around.retained == [6, 0] && around.trainable == [bias])
  }

  @Test("whole modules keep a matrix and its bias together, and a pair's matrices with each other")
  func modules() throws {
    let bias = try selection([id("0.attention.q_lin.bias")])
    #expect(!Expressible.modules(graph).allows(bias, of: graph))
    #expect(Expressible.modules(graph).subset(of: bias, graph) == .frozen(graph))
    #expect(
      Expressible.modules(graph).superset(of: bias, graph)?.trainable
        == [try id("0.attention.q_lin.bias"), try id("0.attention.q_lin.weight")])
    let second = try selection([id("1.ffn.lin2.bias")])
    let around = try #require(Expressible.modules(graph).superset(of: second, graph))
    #expect(around.retained == [0, 6])
  }

  @Test("what a unit needs comes along, or goes with it")
  func needs() throws {
    let (a, b, c) = (try id("q_lin.weight"), try id("k_lin.weight"), try id("v_lin.weight"))
    let expressible = Expressible(
      shapes: [Expressible.Shape(graph, together: [], fixed: [c: false], needs: [(a, b)])])
    #expect(expressible.subset(of: selection([a]), graph) == .frozen(graph))
    #expect(expressible.superset(of: selection([a]), graph)?.trainable == [a, b])
    #expect(expressible.allows(selection([b]), of: graph))
    #expect(expressible.superset(of: selection([c]), graph) == nil)
    #expect(expressible.subset(of: selection([c]), graph) == .frozen(graph))
  }

  /// All selections of three tensors, against the definition.
  @Test("the subset is the largest and the superset the smallest that a shape allows")
  func brute() throws {
    let ids = [try id("q_lin.weight"), try id("k_lin.weight"), try id("v_lin.weight"), try id("out_lin.bias")]
    let expressible = Expressible(shapes: [
      Expressible.Shape(graph, together: [[ids[0], ids[1]]], needs: [(ids[2], ids[0])]),
      Expressible.Shape(graph, together: [], fixed: [ids[0]: true, ids[3]: false]),
    ])
    let all = (0..<16).map { bits in selection(ids.indices.filter { bits >> $0 & 1 == 1 }.map { ids[$0] }) }
    let allowed = all.filter { expressible.allows($0, of: graph) }
    #expect(allowed.count > 4 && allowed.count < 16)
    for asked in all {
      let within = allowed.filter { $0.trainable.isSubset(of: asked.trainable) }.map {
        $0.trainedCount(of: graph)
      }
      let around = allowed.filter { $0.trainable.isSuperset(of: asked.trainable) }.map {
        $0.trainedCount(of: graph)
      }
      #expect(expressible.subset(of: asked, graph)?.trainedCount(of: graph) == within.max())
      #expect(expressible.superset(of: asked, graph)?.trainedCount(of: graph) == around.min())
    }
  }

  @Test("a trainer without shapes expresses nothing")
  func none() {
    let nothing = Expressible(shapes: [])
    #expect(!nothing.allows(.frozen(graph), of: graph) && nothing.subset(of: .full(graph), graph) == nil)
  }
}
