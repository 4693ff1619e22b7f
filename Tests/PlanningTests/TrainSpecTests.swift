import Graph
import Steps
import Testing

@testable import Planning

@Suite("A trainable set in a word")
struct TrainSpecTests {
  @Test(
    "reads every documented form and writes it again",
    arguments: [
      ("full", .full), ("head", .head), ("bitfit", .bitfit), ("frozen-embeddings", .frozenEmbeddings),
      ("last:0", .last(0)), ("last:2", .last(2)), ("last:99", .last(99)), ("far:10", .far(percent: 10)),
      ("far:0", .far(percent: 0)), ("far:100", .far(percent: 100)), ("far:2.5", .far(percent: 2.5)),
    ] as [(String, TrainSpec)])
  func reads(text: String, spec: TrainSpec) {
    #expect(TrainSpec(text) == spec)
    #expect(spec.description == text)
  }

  @Test(
    "is nil for anything else",
    arguments: [
      "", " ", "Full", "full ", "full:1", "full:", "head:1", "bitfit:", "last", "last:", "last:-1", "last:x",
      "last:1.5", "last:1:2", "last:99999999999999999999", "far", "far:", "far:-1", "far:101", "far:nan",
      "far:inf",
      "far:x", "far:10%", "far:10:20", "frozen_embeddings", "frozen-embeddings:1", ":", "::", "plan.json",
    ])
  func refuses(text: String) { #expect(TrainSpec(text) == nil) }

  private let distilbert = EncoderGraph(.distilbertBase)

  private func trained(_ text: String, _ graph: EncoderGraph) throws -> Int {
    try #require(TrainSpec(text)).selection(graph).trainedCount(of: graph)
  }

  @Test("has the published trainable counts on DistilBERT: full, and FAR at 60, 40 and 10 %")
  func farCounts() throws {
    // Vucetic et al., arXiv 2205.01541: 66.955, 55.624, 49.951 and 41.457 M; 14.785 M without feed-forward and embeddings.
    #expect(try trained("full", distilbert) == 66_955_010)
    #expect(try trained("far:100", distilbert) == 66_955_010)
    for (text, millions) in [("far:60", 55.624), ("far:40", 49.951), ("far:10", 41.457)] {
      let found = Double(try trained(text, distilbert)) / 1e6
      // Within one node a layer: what the paper rounds to whole nodes is not said.
      #expect(abs(found - millions) < 6 * 1537 / 1e6, "\(text): \(found) M")
    }
    #expect((41_440_000...41_460_000).contains(try trained("far:10", distilbert)))
    let embeddings = distilbert.groups.filter(\.kind.isEmbedding).flatMap(\.parameters)
      .reduce(0) { $0 + distilbert.parameters[$1].count }
    #expect(embeddings == 23_835_648)
    #expect(try trained("frozen-embeddings", distilbert) == 66_955_010 - embeddings)
  }

  @Test("has the published parameter counts on BERT base and large with a two-class head")
  func bertCounts() throws {
    #expect(try trained("full", EncoderGraph(.bertBase)) == 109_483_778)
    #expect(try trained("full", EncoderGraph(.bertLarge)) == 335_143_938)
    // Ben Zaken et al., arXiv 2106.10199, table 1: 0.08 % of BERT large without the head.
    let large = EncoderGraph(.bertLarge)
    let head = try trained("head", large)
    let share = Double(try trained("bitfit", large) - head) / Double(335_143_938 - head)
    #expect((0.0008..<0.00085).contains(share), "\(share)")
  }

  @Test("trains what it names and nothing else", arguments: [EncoderConfiguration.distilbertBase, .bertBase])
  func members(configuration: EncoderConfiguration) throws {
    let graph = EncoderGraph(configuration)
    let layers = configuration.layerCount
    func groups(_ text: String) throws -> Set<Int> {
      let selection = try #require(TrainSpec(text)).selection(graph)
      return Set(graph.parameters.filter { selection.trainedCount($0, of: graph) > 0 }.map(\.group))
    }
    #expect(try groups("full") == Set(graph.groups.map(\.id)))
    #expect(try groups("head") == Set(graph.groups.filter { $0.kind == .head }.map(\.id)))
    let above = Set(graph.groups.filter { $0.kind == .pooler || $0.kind == .head }.map(\.id))
    #expect(try groups("last:0") == above)
    #expect(
      try groups("last:2") == above.union(graph.groups.filter { $0.layer ?? 0 >= layers - 2 }.map(\.id)))
    #expect(try groups("last:99") == Set(graph.groups.filter { !$0.kind.isEmbedding }.map(\.id)))
    #expect(try groups("last:99") == groups("frozen-embeddings"))
    #expect(try groups("far:0") == groups("full"), "the second bias has no nodes and stays trainable")
    let additive = graph.parameters.filter { $0.role.isAdditive || graph.groups[$0.group].kind == .head }
    #expect(try trained("bitfit", graph) == additive.reduce(0) { $0 + $1.count })
  }
}
