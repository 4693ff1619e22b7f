import Graph
import Steps
import Units

/// A trainable set named in a word or two, as people choose by hand.
public enum TrainSpec: Hashable, Sendable {
  case full
  /// The task head only.
  case head
  /// The last K layers, the pooler and the head.
  case last(Int)
  /// All additive terms and the head (Ben Zaken et al., arXiv 2106.10199).
  case bitfit
  /// FAR: everything but all save R % of the feed-forward nodes (Vucetic et al., arXiv 2205.01541).
  case far(percent: Double)
  /// Everything but the embeddings.
  case frozenEmbeddings

  public static let syntax = "full, head, last:K, bitfit, far:R, frozen-embeddings, or a plan file"

  /// Reads `full`, `head`, `last:2`, `bitfit`, `far:10`, `frozen-embeddings`; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count > 1 ? parts[1] : nil) {
    case ("full", nil): self = .full
    case ("head", nil): self = .head
    case ("bitfit", nil): self = .bitfit
    case ("frozen-embeddings", nil): self = .frozenEmbeddings
    case ("last", let count?):
      guard let count = Int(count), count >= 0 else { return nil }
      self = .last(count)
    case ("far", let percent?):
      guard let percent = Double(percent), (0...100).contains(percent) else { return nil }
      self = .far(percent: percent)
    default: return nil
    }
  }

  public var description: String {
    switch self {
    case .full: "full"
    case .head: "head"
    case .last(let count): "last:\(count)"
    case .bitfit: "bitfit"
    case .far(let percent): "far:\(percent == percent.rounded() ? String(Int(percent)) : String(percent))"
    case .frozenEmbeddings: "frozen-embeddings"
    }
  }

  /// What trains of a given model.
  public func selection(_ graph: EncoderGraph) -> Selection {
    let layers = graph.configuration.layerCount
    switch self {
    case .full: return .full(graph)
    case .head: return Self.selection(graph) { $0.kind == .head }
    case .last(let count):
      return Self.selection(graph) { group in
        group.layer.map { $0 >= layers - count } ?? (group.kind == .pooler || group.kind == .head)
      }
    case .bitfit:
      var selection = Self.selection(graph) { $0.kind == .head }
      for parameter in graph.parameters where parameter.role.isAdditive {
        selection.trainable.insert(parameter.id)
      }
      return selection
    case .far(let percent):
      var selection = Selection.full(graph)
      // The first bias has one entry a node, and trains with the learners only.
      for parameter in graph.parameters where parameter.nodeAxis != nil {
        selection.trainable.remove(parameter.id)
      }
      let nodes = graph.configuration.feedForwardSize
      selection.retained = selection.retained.map { _ in Int((Double(nodes) * percent / 100).rounded(.down)) }
      return selection
    case .frozenEmbeddings:
      return Self.selection(graph) { !$0.kind.isEmbedding }
    }
  }

  private static func selection(_ graph: EncoderGraph, where trains: (ParameterGroup) -> Bool) -> Selection {
    var selection = Selection.frozen(graph)
    for group in graph.groups where trains(group) { selection.train(group, of: graph) }
    return selection
  }
}

extension GroupKind {
  /// Whether the group lies before the first layer.
  public var isEmbedding: Bool {
    switch self {
    case .wordEmbeddings, .positionEmbeddings, .typeEmbeddings, .embeddingNorm: true
    default: false
    }
  }
}
