/// The architecture families whose layout and mathematics are known.
public enum ModelFamily: String, Sendable, Codable, CaseIterable {
  /// BERT (Devlin et al., arXiv 1810.04805): token types, a pooler, post-LayerNorm blocks. MiniLM shares it.
  case bert
  /// DistilBERT (Sanh et al., arXiv 1910.01108): BERT's blocks without token types or pooler.
  case distilbert
  /// RoBERTa (Liu et al., arXiv 1907.11692): BERT's blocks, positions counted from 2, a dense tanh head, no pooler.
  case roberta
  /// XLM-RoBERTa (Conneau et al., arXiv 1911.02116): RoBERTa with a SentencePiece vocabulary.
  case xlmRoberta = "xlm-roberta"
  /// ELECTRA's discriminator (Clark et al., arXiv 2003.10555): BERT's blocks, embeddings of their own width, a dense GELU head.
  case electra

  /// How its authors write it.
  public var displayName: String {
    switch self {
    case .bert: "BERT"
    case .distilbert: "DistilBERT"
    case .roberta: "RoBERTa"
    case .xlmRoberta: "XLM-RoBERTa"
    case .electra: "ELECTRA"
    }
  }

  /// What base-model tensor names start with inside a task model's checkpoint: `bert.`.
  public var namePrefix: String { (self == .xlmRoberta ? ModelFamily.roberta.rawValue : rawValue) + "." }

  /// Number of a sequence's first position: RoBERTa counts on from the padding token's number, 1.
  public var firstPosition: Int { self == .roberta || self == .xlmRoberta ? 2 : 0 }
}

extension ModelFamily {
  /// Rows of the token-type table where a configuration does not say.
  fileprivate var defaultTypes: Int {
    switch self {
    case .bert, .electra: 2
    case .distilbert: 0
    case .roberta, .xlmRoberta: 1
    }
  }
}

/// Elementwise nonlinearities, named as in Hugging Face's `hidden_act`.
public enum Activation: String, Sendable, Codable, CaseIterable {
  /// x·Φ(x) with the exact error function.
  case gelu
  /// The tanh approximation of GELU (Hendrycks and Gimpel, arXiv 1606.08415, section 2).
  case geluTanh = "gelu_new"
  case relu
  case tanh
}

/// What the head predicts.
public enum Problem: Hashable, Sendable, Codable {
  /// One of `labels` classes; cross entropy.
  case classification(labels: Int)
  /// One number; mean squared error.
  case regression
  /// Any of `labels` labels at once; the mean binary cross entropy.
  case multiLabel(labels: Int)
  /// Where in the sequence an answer starts and ends (SQuAD); the mean of two cross entropies over the sequence's tokens.
  case span

  /// Columns of the logits.
  public var outputs: Int {
    switch self {
    case .classification(let labels), .multiLabel(let labels): labels
    case .regression: 1
    case .span: 2
    }
  }

  /// 4-byte labels of one sequence: a class, a target, a 0 or 1 a label, or the first and last token of an answer.
  public var labelsPerSequence: Int {
    switch self {
    case .classification, .regression: 1
    case .multiLabel(let labels): labels
    case .span: 2
    }
  }
}

/// The shape of an encoder with a task head: everything that decides tensor names and sizes.
public struct EncoderConfiguration: Hashable, Sendable, Codable {
  public var family: ModelFamily
  /// V, rows of the word embedding.
  public var vocabularySize: Int
  /// Rows of the position embedding, those before the first position included.
  public var maximumPositions: Int
  /// Rows of the token-type embedding; 0 where the family has none.
  public var typeVocabularySize: Int
  /// E, columns of the embedding tables; a projection leads to H where they differ (ELECTRA).
  public var embeddingSize: Int
  /// H.
  public var hiddenSize: Int
  /// F, nodes of each feed-forward pair.
  public var feedForwardSize: Int
  /// L.
  public var layerCount: Int
  /// a; divides H.
  public var headCount: Int
  public var activation: Activation
  public var layerNormEpsilon: Double
  public var hiddenDropout: Double
  public var attentionDropout: Double
  /// Of the head, before each of its linear layers but BERT's pooler.
  public var classifierDropout: Double
  public var problem: Problem

  public init(
    family: ModelFamily, vocabularySize: Int, maximumPositions: Int = 512, typeVocabularySize: Int? = nil,
    embeddingSize: Int? = nil, hiddenSize: Int, feedForwardSize: Int, layerCount: Int, headCount: Int,
    activation: Activation = .gelu,
    layerNormEpsilon: Double = 1e-12, hiddenDropout: Double = 0.1, attentionDropout: Double = 0.1,
    classifierDropout: Double? = nil, problem: Problem = .classification(labels: 2)
  ) {
    self.family = family
    self.vocabularySize = vocabularySize
    self.maximumPositions = maximumPositions
    self.typeVocabularySize = typeVocabularySize ?? family.defaultTypes
    self.embeddingSize = embeddingSize ?? hiddenSize
    self.hiddenSize = hiddenSize
    self.feedForwardSize = feedForwardSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.activation = activation
    self.layerNormEpsilon = layerNormEpsilon
    self.hiddenDropout = hiddenDropout
    self.attentionDropout = attentionDropout
    self.problem = problem
    self.classifierDropout =
      classifierDropout ?? Self.classifierDropout(family, problem, hiddenDropout: hiddenDropout)
  }

  /// What transformers takes where a configuration does not say: DistilBERT's `seq_classif_dropout` is 0.2 and its
  /// `qa_dropout` 0.1; elsewhere it is the hidden dropout.
  public static func classifierDropout(
    _ family: ModelFamily, _ problem: Problem, hiddenDropout: Double
  ) -> Double {
    family == .distilbert ? (problem == .span ? 0.1 : 0.2) : hiddenDropout
  }

  /// The longest sequence that the position table numbers.
  public var longestSequence: Int { maximumPositions - family.firstPosition }

  /// The first rule a configuration from outside breaks, as the end of a sentence, or nil.
  public var brokenRule: String? {
    let sizes = [
      ("vocabulary size", vocabularySize), ("maximum positions", maximumPositions),
      ("embedding size", embeddingSize), ("hidden size", hiddenSize), ("feed-forward size", feedForwardSize),
      ("layer count", layerCount),
      ("head count", headCount), ("number of outputs", problem.outputs),
    ]
    // Wide enough for any published encoder, narrow enough that no product of sizes overflows.
    let limit = 1 << 24
    for (name, size) in sizes where !(1...limit).contains(size) {
      return "\(name) \(size) is not within 1...\(limit)"
    }
    if !(0...limit).contains(typeVocabularySize) { return "token types \(typeVocabularySize) are out of range" }
    if maximumPositions <= family.firstPosition {
      return
        "\(maximumPositions) positions leave none for a token, as positions count from \(family.firstPosition)"
    }
    if embeddingSize != hiddenSize, family != .electra {
      return "embedding size \(embeddingSize) is not the hidden size \(hiddenSize)"
    }
    if hiddenSize > 65_536 || feedForwardSize > 262_144 || layerCount > 1_024 {
      return "sizes are absurdly large"
    }
    if hiddenSize % headCount != 0 {
      return "hidden size \(hiddenSize) is not a multiple of \(headCount) heads"
    }
    for (name, rate) in [
      ("hidden", hiddenDropout), ("attention", attentionDropout), ("classifier", classifierDropout),
    ]
    where !(0..<1).contains(rate) { return "\(name) dropout \(rate) is not within 0..<1" }
    if !(layerNormEpsilon > 0) { return "LayerNorm epsilon \(layerNormEpsilon) is not positive" }
    return nil
  }
}
