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
public struct Saving: Sendable {
  /// One policy for all layers, or one a layer.
  public let policies: [SavingPolicy]
  /// How many layers it was listed for; nil where it suits any number of them.
  ///
  /// It does not tell apart what saves the same.
  public let layerCount: Int?

  /// The same for every layer.
  public init(_ policy: SavingPolicy) { (policies, layerCount) = ([policy], nil) }

  /// One a layer, from the first; at least one.
  public init(layers: [SavingPolicy]) {
    let isUniform = Set(layers).count == 1
    self.init(listed: layers, layerCount: isUniform ? nil : layers.count)
  }

  private init(listed layers: [SavingPolicy], layerCount: Int?) {
    precondition(!layers.isEmpty, "a saving policy for no layer")
    policies = Set(layers).count == 1 ? [layers[0]] : layers
    self.layerCount = layerCount
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
    self.init(listed: layers, layerCount: text.contains { $0 == "," || $0 == "*" } ? layers.count : nil)
  }

  /// The policy that all layers share, if they do.
  public var uniform: SavingPolicy? { policies.count == 1 ? policies[0] : nil }

  public subscript(layer: Int) -> SavingPolicy { uniform ?? policies[layer] }
}

extension Saving: Hashable {
  public static func == (one: Saving, other: Saving) -> Bool { one.policies == other.policies }

  public func hash(into hasher: inout Hasher) { hasher.combine(policies) }
}

extension Saving: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    // A word that is no policy is wrong as a word, not for being no list.
    if (try? container.decode(String.self)) != nil {
      self.init(try container.decode(SavingPolicy.self))
      return
    }
    let layers = try container.decode([SavingPolicy].self)
    guard !layers.isEmpty else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "an empty list of saving policies")
    }
    self.init(listed: layers, layerCount: layers.count)
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
