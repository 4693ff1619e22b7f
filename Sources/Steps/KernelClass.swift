import Graph

/// Kernels whose time follows one rule: an operation, and where it matters how its weight is held or what optimizer runs.
///
/// It is named by the operation's label, as in `gelu backward`, `linear int8` and `update adamw`.
public struct KernelClass: Hashable, Sendable {
  public let name: String
  /// Whether it consists of matrix products with weights.
  public let isProduct: Bool

  init(_ operation: KernelOperation, weight: ElementFormat? = nil, _ optimizer: Optimizer) {
    isProduct = operation.kind == .matrixProducts
    switch operation {
    case .update, .updateEmbedding: name = "\(operation.label) \(optimizer.rawValue)"
    case .linear, .linearInputGradient:
      if case .weights(let format)? = weight, format != .float32 {
        name = "\(operation.label) \(format.rawValue)"
      } else {
        name = operation.label
      }
    default: name = operation.label
    }
  }

  /// The class of a name, nil for a name that no kernel has.
  public init?(_ name: String) {
    guard let known = Self.all.first(where: { $0.name == name }) else { return nil }
    self = known
  }

  /// Every class, products first.
  public static let all: [KernelClass] = {
    let site = DropoutSite(site: 0, probability: 0)
    let products: [KernelOperation] = [.linear, .linearInputGradient]
    let updates: [KernelOperation] = [.update(decay: true), .updateEmbedding(decay: true)]
    let others: [KernelOperation] =
      [
        .linearWeightGradient(transposed: false), .attention(heads: 1, site),
        .attentionBackward(heads: 1, site),
        .embedding, .normForward(site, epsilon: 0), .normRebuild, .normBackward, .normScaleGradient,
        .dropout(site),
        .columnSum, .firstToken, .firstTokenBackward, .loss(.regression), .tokenIndex, .keepTokens,
        .squaredNorm,
        .squaredNormOfTable,
      ]
      + [Activation.gelu, .geluTanh, .relu, .tanh].flatMap { [.activation($0), .activationBackward($0)] }
    return products.flatMap { operation in
      WeightFormat.allCases.map { KernelClass(operation, weight: .weights($0), .sgd) }
    } + others.map { KernelClass($0, .sgd) }
      + updates.flatMap { operation in Optimizer.allCases.map { KernelClass(operation, $0) } }
  }()
}
