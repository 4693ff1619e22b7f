import Testing

@testable import Graph

private let distilbert = EncoderConfiguration(
  family: .distilbert, vocabularySize: 30522, hiddenSize: 768, feedForwardSize: 3072, layerCount: 6,
  headCount: 12)
private let bertBase = EncoderConfiguration(
  family: .bert, vocabularySize: 30522, hiddenSize: 768, feedForwardSize: 3072, layerCount: 12,
  headCount: 12)

@Suite("The encoder graph")
struct EncoderGraphTests {
  @Test("DistilBERT with a two-class head has its published 66,955,010 parameters")
  func distilbertCount() {
    #expect(EncoderGraph(distilbert).parameterCount == 66_955_010)
  }

  @Test("BERT base with a two-class head has its published 109,483,778 parameters")
  func bertCount() {
    #expect(EncoderGraph(bertBase).parameterCount == 109_483_778)
  }

  @Test("every graph obeys its own rules", arguments: [distilbert, bertBase])
  func invariants(configuration: EncoderConfiguration) {
    #expect(EncoderGraph(configuration).brokenInvariants() == [])
  }

  @Test("feed-forward nodes lie on the rows of the first matrix and the columns of the second")
  func nodes() throws {
    let graph = EncoderGraph(distilbert)
    let group = try #require(graph.group(.feedForward, layer: 2))
    for id in group.parameters {
      let parameter = graph.parameters[id]
      if let axis = parameter.nodeAxis { #expect(parameter.shape[axis] == 3072) }
    }
    #expect(group.parameters.compactMap { graph.parameters[$0].nodeAxis } == [0, 0, 1])
  }

  @Test("RoBERTa's positions count from 2, so two rows fewer are for tokens", arguments: ModelFamily.allCases)
  func positions(family: ModelFamily) {
    var configuration = distilbert
    configuration.family = family
    configuration.maximumPositions = 514
    let isRoBERTa = family == .roberta || family == .xlmRoberta
    #expect(configuration.longestSequence == (isRoBERTa ? 512 : 514))
    for positions in 1...3 {
      configuration.maximumPositions = positions
      #expect((configuration.brokenRule == nil) == (positions > (isRoBERTa ? 2 : 0)), "\(positions) positions")
    }
  }

  @Test("only ELECTRA's embeddings may have a width of their own", arguments: ModelFamily.allCases)
  func embeddingWidth(family: ModelFamily) {
    var configuration = distilbert
    configuration.family = family
    configuration.embeddingSize = 128
    #expect((configuration.brokenRule == nil) == (family == .electra))
  }
}
