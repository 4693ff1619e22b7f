/// Index of a parameter tensor in `EncoderGraph.parameters`.
public typealias ParameterID = Int

/// What a parameter tensor does, which decides how it starts, decays and is updated.
public enum ParameterRole: String, Sendable, Codable {
  /// A lookup table, one row an entry.
  case embedding
  /// A matrix of a linear layer, `(outputs, inputs)` row-major, as PyTorch stores it.
  case weight
  case bias
  /// γ of a LayerNorm.
  case normScale
  /// β of a LayerNorm.
  case normShift

  /// Biases in BitFit's sense (Ben Zaken et al., arXiv 2106.10199): every additive term, LayerNorm's included.
  public var isAdditive: Bool { self == .bias || self == .normShift }

  /// Whether AdamW decays it: matrices and tables, as Hugging Face's Trainer groups them.
  public var decays: Bool { self == .embedding || self == .weight }
}

/// One tensor of the checkpoint.
public struct Parameter: Hashable, Sendable {
  public let id: ParameterID
  /// The tensor's name without the family's prefix: `encoder.layer.0.attention.self.query.weight`.
  public let name: String
  public let shape: [Int]
  public let role: ParameterRole
  public let group: Int
  /// The axis along which feed-forward nodes lie; nil where the tensor is not split by node.
  public let nodeAxis: Int?
  /// Whether the tensor belongs to the task head, so a pretrained checkpoint need not hold it.
  public let isHead: Bool

  public var count: Int { shape.reduce(1, *) }
}

/// The kinds of parameter group: the units that are frozen or trained.
public enum GroupKind: String, Sendable, Codable, CaseIterable {
  case wordEmbeddings, positionEmbeddings, typeEmbeddings, embeddingNorm, embeddingProjection
  case query, key, value, attentionOutput, attentionNorm, feedForward, outputNorm
  case pooler, head

  /// The kind on its own, where no layer or column says more.
  public var title: String {
    switch self {
    case .wordEmbeddings: "word embeddings"
    case .positionEmbeddings: "position embeddings"
    case .typeEmbeddings: "type embeddings"
    case .embeddingNorm: "embeddings' norm"
    case .embeddingProjection: "embeddings' projection"
    case .attentionOutput: "attention output"
    case .attentionNorm: "attention norms"
    case .outputNorm: "output norms"
    default: label
    }
  }

  /// A short column heading.
  public var label: String {
    switch self {
    case .wordEmbeddings: "word"
    case .positionEmbeddings: "position"
    case .typeEmbeddings: "type"
    case .embeddingNorm, .attentionNorm, .outputNorm: "norm"
    case .embeddingProjection: "projection"
    case .query: "query"
    case .key: "key"
    case .value: "value"
    case .attentionOutput: "attn-out"
    case .feedForward: "feed-forward"
    case .pooler: "pooler"
    case .head: "head"
    }
  }
}

/// One weight matrix with its bias, one LayerNorm, one table, one feed-forward pair, or the head.
public struct ParameterGroup: Hashable, Sendable {
  public let id: Int
  public let kind: GroupKind
  /// The encoder layer, or nil outside the stack.
  public let layer: Int?
  public internal(set) var parameters: [ParameterID]

  /// A stable identifier such as `layer.3.query` or `embeddings.word`.
  public var name: String {
    switch kind {
    case .wordEmbeddings, .positionEmbeddings, .typeEmbeddings, .embeddingProjection:
      "embeddings.\(kind.label)"
    case .embeddingNorm: "embeddings.norm"
    case .pooler, .head: kind.rawValue
    case .attentionNorm: "layer.\(layer ?? 0).attention-norm"
    case .outputNorm: "layer.\(layer ?? 0).output-norm"
    default: "layer.\(layer ?? 0).\(kind.label)"
    }
  }
}
