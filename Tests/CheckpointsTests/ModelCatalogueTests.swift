import Graph
import Testing

@testable import Checkpoints

@Suite("The catalogue")
struct ModelCatalogueTests {
  // Parameters of the encoder, BERT's with its pooler, RoBERTa's without, as transformers 5.23 counts them in the families'
  // base models of the published configurations; the same, rounded, are on the models' cards and in the papers: 110M and
  // 340M (arXiv 1810.04805), 66M (arXiv 1910.01108), 4.4M, 11.3M, 29.1M and 41.7M with the pretraining heads
  // (arXiv 1908.08962), 33M (arXiv 2002.10957), 22.7M (the card of all-MiniLM-L6-v2), 21M and 96M of embeddings (the card
  // of Multilingual-MiniLM), 82M (the card of distilroberta-base), 125M and 355M (arXiv 1907.11692), 270M and 550M
  // (arXiv 1911.02116), 14M, 110M and 335M (arXiv 2003.10555).
  @Test(
    "every model has the published number of parameters",
    arguments: [
      ("distilbert-base-uncased", 66_362_880), ("distilbert-base-cased", 65_190_912),
      ("bert-base-uncased", 109_482_240), ("bert-base-cased", 108_310_272), ("bert-large-uncased", 335_141_888),
      ("bert-tiny", 4_385_920), ("bert-mini", 11_170_560), ("bert-small", 28_763_648),
      ("bert-medium", 41_373_184),
      ("all-MiniLM-L6-v2", 22_713_216), ("all-MiniLM-L12-v2", 33_360_000),
      ("MiniLM-L12-H384-uncased", 33_360_000), ("Multilingual-MiniLM-L12-H384", 117_653_760),
      ("distilroberta-base", 81_527_808), ("roberta-base", 124_055_040), ("roberta-large", 354_310_144),
      ("xlm-roberta-base", 277_453_056), ("xlm-roberta-large", 558_840_832),
      ("electra-small-discriminator", 13_483_008), ("electra-base-discriminator", 108_891_648),
      ("electra-large-discriminator", 334_092_288),
    ])
  func counts(name: String, count: Int) throws {
    let entry = try #require(ModelCatalogue.entry(named: name))
    let graph = EncoderGraph(entry.encoder)
    #expect(graph.parameters.filter { !$0.isHead }.reduce(0) { $0 + $1.count } == count)
    #expect(graph.brokenInvariants().isEmpty)
    #expect(entry.source == "https://huggingface.co/\(entry.name)/blob/main/config.json")
  }

  @Test("names resolve with and without their organisation, in any case")
  func names() {
    for entry in ModelCatalogue.entries {
      #expect(ModelCatalogue.entry(named: entry.name) == entry)
      #expect(ModelCatalogue.entry(named: entry.shortName.uppercased()) == entry)
    }
    #expect(ModelCatalogue.entries.count == 21)
    #expect(ModelCatalogue.entry(named: "someone/bert-tiny") == nil)
    #expect(ModelCatalogue.entry(named: "") == nil)
  }

  @Test("a head for another problem comes with its own dropout, as transformers has it")
  func heads() throws {
    for entry in ModelCatalogue.entries {
      let span = entry.encoder(predicting: .span)
      #expect(span.problem == .span)
      #expect(entry.encoder(predicting: entry.encoder.problem) == entry.encoder)
      #expect(span.classifierDropout == 0.1)
      #expect(entry.encoder.classifierDropout == (entry.encoder.family == .distilbert ? 0.2 : 0.1))
    }
  }

  @Test("shapes differ in identity, and what decides no buffer does not")
  func identity() {
    let identities = ModelCatalogue.entries.map { EncoderGraph($0.encoder).identity }
    // Both sentence-transformers' and Microsoft's 12-layer MiniLM have one shape.
    #expect(Set(identities).count == ModelCatalogue.entries.count - 1)
    let base = EncoderGraph(tinyBERT).identity
    #expect(base.count == 64)
    func changed(_ change: (inout EncoderConfiguration) -> Void) -> String {
      var configuration = tinyBERT
      change(&configuration)
      return EncoderGraph(configuration).identity
    }
    #expect(changed { $0.layerNormEpsilon = 1e-5 } == base)
    #expect(changed { $0.hiddenDropout = 0.3 } == base)
    #expect(changed { $0.hiddenDropout = 0 } != base)
    #expect(changed { $0.headCount = 1 } != base)
    #expect(changed { $0.activation = .relu } != base)
    #expect(changed { $0.problem = .classification(labels: 1) } != changed { $0.problem = .regression })
    #expect(changed { $0.problem = .classification(labels: 4) } != base)
  }
}
