/// What forward keeps of a layer for backward.
public enum SavingPolicy: String, Sendable, Codable, CaseIterable {
  /// Every tensor that backward reads.
  case keep
  /// All but what costs little to bring back: LayerNorm outputs (from the normalised input), feed-forward activations (from
  /// their input), attention's context (from queries, keys and values) and, by the first layer's policy, the embeddings.
  case cheap
  /// Only the layer's input; the layer runs forward again before its backward (Chen et al., arXiv 1604.06174).
  case recompute
}

/// The policy of every layer: one for all, or one each.
///
/// Written as one word, or as a list of as many words as the model has layers.
public struct Saving: Hashable, Sendable {
  /// One policy for all layers, or one a layer.
  public let policies: [SavingPolicy]

  /// The same for every layer.
  public init(_ policy: SavingPolicy) { policies = [policy] }

  /// One a layer, from the first; at least one.
  public init(layers: [SavingPolicy]) {
    precondition(!layers.isEmpty, "a saving policy for no layer")
    policies = Set(layers).count == 1 ? [layers[0]] : layers
  }

  public static let keep = Saving(.keep)
  public static let cheap = Saving(.cheap)
  public static let recompute = Saving(.recompute)

  /// The same for every layer, in the order of the time they cost.
  public static let uniforms = SavingPolicy.allCases.map { Saving($0) }

  /// Reads `keep`, a list of as many words as layers, or a list of runs such as `cheap*4,recompute*2`; nil for anything else.
  public init?(_ text: String) {
    var layers: [SavingPolicy] = []
    let runs = text.split(separator: ",", omittingEmptySubsequences: false)
    for run in runs {
      let parts = run.split(separator: "*", omittingEmptySubsequences: false)
      let count = parts.count == 2 ? Int(parts[1]) : 1
      guard (1...2).contains(parts.count), let policy = SavingPolicy(rawValue: String(parts[0])), let count,
        (1...1024).contains(count)
      else { return nil }
      layers += Array(repeating: policy, count: count)
    }
    self.init(layers: layers)
  }

  /// The policy that all layers share, if they do.
  public var uniform: SavingPolicy? { policies.count == 1 ? policies[0] : nil }

  public subscript(layer: Int) -> SavingPolicy { uniform ?? policies[layer] }
}

extension Saving: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let policy = try? container.decode(SavingPolicy.self) {
      self.init(policy)
      return
    }
    let layers = try container.decode([SavingPolicy].self)
    guard !layers.isEmpty else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "an empty list of saving policies")
    }
    self.init(layers: layers)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let uniform { try container.encode(uniform) } else { try container.encode(policies) }
  }
}

extension Saving: CustomStringConvertible {
  /// `keep`, or `cheap ×4, recompute ×2` in the layers' order.
  public var description: String {
    if let uniform { return uniform.rawValue }
    var runs: [(policy: SavingPolicy, count: Int)] = []
    for policy in policies {
      if runs.last?.policy == policy { runs[runs.count - 1].count += 1 } else { runs.append((policy, 1)) }
    }
    return runs.map { "\($0.policy.rawValue) ×\($0.count)" }.joined(separator: ", ")
  }
}
