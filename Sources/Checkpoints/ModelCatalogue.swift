import Graph

/// Published models whose shape is known without fetching anything.
public struct ModelCatalogue: Sendable {
  public struct Entry: Sendable, Hashable {
    /// Organisation and name on the Hugging Face hub.
    public let name: String
    /// The shape, with a head for two classes.
    public let encoder: EncoderConfiguration

    /// Where the published `config.json` is.
    public var source: String { "https://huggingface.co/\(name)/blob/main/config.json" }

    /// The name without the organisation.
    public var shortName: String { String(name.split(separator: "/").last ?? "") }

    /// The shape with a head for another problem.
    public func encoder(predicting problem: Problem) -> EncoderConfiguration {
      var encoder = encoder
      encoder.problem = problem
      encoder.classifierDropout = EncoderConfiguration.classifierDropout(
        encoder.family, problem, hiddenDropout: encoder.hiddenDropout)
      return encoder
    }
  }

  /// The entry of a name with or without its organisation, in any case.
  public static func entry(named name: String) -> Entry? {
    let name = name.lowercased()
    return entries.first { $0.name.lowercased() == name || $0.shortName.lowercased() == name }
  }

  /// Shapes as in each entry's `source`; what is not said there is the family's default.
  public static let entries: [Entry] = [
    distilBERT("distilbert/distilbert-base-uncased", vocabulary: uncased),
    distilBERT("distilbert/distilbert-base-cased", vocabulary: cased),
    bert("google-bert/bert-base-uncased", layers: 12, hidden: 768, heads: 12),
    bert("google-bert/bert-base-cased", layers: 12, hidden: 768, heads: 12, vocabulary: cased),
    bert("google-bert/bert-large-uncased", layers: 24, hidden: 1024, heads: 16),
    bert("prajjwal1/bert-tiny", layers: 2, hidden: 128, heads: 2),
    bert("prajjwal1/bert-mini", layers: 4, hidden: 256, heads: 4),
    bert("prajjwal1/bert-small", layers: 4, hidden: 512, heads: 8),
    bert("prajjwal1/bert-medium", layers: 8, hidden: 512, heads: 8),
    bert("sentence-transformers/all-MiniLM-L6-v2", layers: 6, hidden: 384, heads: 12),
    bert("sentence-transformers/all-MiniLM-L12-v2", layers: 12, hidden: 384, heads: 12),
    bert("microsoft/MiniLM-L12-H384-uncased", layers: 12, hidden: 384, heads: 12),
    // BERT's layers with a vocabulary that grew from XLM-R's.
    bert(
      "microsoft/Multilingual-MiniLM-L12-H384", layers: 12, hidden: 384, heads: 12, vocabulary: 250_037),
    roberta(.roberta, "distilbert/distilroberta-base", layers: 6, hidden: 768, heads: 12),
    roberta(.roberta, "FacebookAI/roberta-base", layers: 12, hidden: 768, heads: 12),
    roberta(.roberta, "FacebookAI/roberta-large", layers: 24, hidden: 1024, heads: 16),
    roberta(.xlmRoberta, "FacebookAI/xlm-roberta-base", layers: 12, hidden: 768, heads: 12),
    roberta(.xlmRoberta, "FacebookAI/xlm-roberta-large", layers: 24, hidden: 1024, heads: 16),
    electra("google/electra-small-discriminator", layers: 12, hidden: 256, heads: 4, embedding: 128),
    electra("google/electra-base-discriminator", layers: 12, hidden: 768, heads: 12),
    electra("google/electra-large-discriminator", layers: 24, hidden: 1024, heads: 16),
  ]

  // Entries of BERT's English WordPiece vocabularies.
  private static let uncased = 30522
  private static let cased = 28996

  // Feed-forward layers are four times as wide as the hidden state in every one of these.

  private static func bert(
    _ name: String, layers: Int, hidden: Int, heads: Int, vocabulary: Int = uncased
  ) -> Entry {
    Entry(
      name: name,
      encoder: EncoderConfiguration(
        family: .bert, vocabularySize: vocabulary, hiddenSize: hidden, feedForwardSize: 4 * hidden,
        layerCount: layers, headCount: heads))
  }

  private static func distilBERT(_ name: String, vocabulary: Int) -> Entry {
    Entry(
      name: name,
      encoder: EncoderConfiguration(
        family: .distilbert, vocabularySize: vocabulary, hiddenSize: 768, feedForwardSize: 3072, layerCount: 6,
        headCount: 12))
  }

  /// GPT-2's byte-level vocabulary for RoBERTa, a SentencePiece one for XLM-R; 512 positions after the first two.
  private static func roberta(
    _ family: ModelFamily, _ name: String, layers: Int, hidden: Int, heads: Int
  ) -> Entry {
    Entry(
      name: name,
      encoder: EncoderConfiguration(
        family: family, vocabularySize: family == .roberta ? 50_265 : 250_002, maximumPositions: 514,
        hiddenSize: hidden, feedForwardSize: 4 * hidden, layerCount: layers, headCount: heads,
        layerNormEpsilon: 1e-5))
  }

  private static func electra(
    _ name: String, layers: Int, hidden: Int, heads: Int, embedding: Int? = nil
  ) -> Entry {
    Entry(
      name: name,
      encoder: EncoderConfiguration(
        family: .electra, vocabularySize: uncased, embeddingSize: embedding, hiddenSize: hidden,
        feedForwardSize: 4 * hidden, layerCount: layers, headCount: heads))
  }
}
