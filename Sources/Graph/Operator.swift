/// Index of a value (an operator's result) in `EncoderGraph.values`.
public typealias ValueID = Int

/// A tensor that flows between operators: `(rows, columns)`.
public struct Value: Hashable, Sendable {
  /// What one row stands for; a batch decides how many there are.
  public enum Rows: Sendable { case tokens, sequences }
  public let name: String
  public let rows: Rows
  public let columns: Int
}

/// Where a random mask is drawn: distinct sites draw independent masks.
public struct DropoutSite: Hashable, Sendable {
  public let site: Int
  public let probability: Double

  public init(site: Int, probability: Double) {
    self.site = site
    self.probability = probability
  }
}

/// A linear layer's tensors: `y = x Wᵀ + b`, W `(outputs, inputs)`.
public struct LinearParameters: Hashable, Sendable {
  public let weight: ParameterID
  public let bias: ParameterID
}

/// One operator of the model, in execution order; each kind has one lowering rule.
public enum Operator: Hashable, Sendable {
  /// `word[ids] + position[index] + type[types]`.
  case embedding(word: ParameterID, position: ParameterID, type: ParameterID?, output: ValueID)
  /// `γ·normalise(residual + dropout(branch)) + β`.
  case norm(
    scale: ParameterID, shift: ParameterID, residual: ValueID?, branch: ValueID, dropout: DropoutSite,
    output: ValueID)
  case dropout(DropoutSite, input: ValueID, output: ValueID)
  case linear(LinearParameters, input: ValueID, output: ValueID)
  /// Scaled dot-product attention over each sequence, `heads` heads, dropout on the probabilities.
  case attention(
    heads: Int, query: ValueID, key: ValueID, value: ValueID, dropout: DropoutSite, output: ValueID)
  /// `W₂·act(W₁x + b₁) + b₂`, which may be trained in part, by node (FAR).
  case feedForward(
    layer: Int, up: LinearParameters, down: LinearParameters, activation: Activation, input: ValueID,
    output: ValueID)
  case activation(Activation, input: ValueID, output: ValueID)
  /// The first token's row of every sequence.
  case firstToken(input: ValueID, output: ValueID)
  /// The batch mean of the task's loss.
  case loss(Problem, logits: ValueID)

  public var inputs: [ValueID] {
    switch self {
    case .embedding: []
    case .norm(_, _, let residual, let branch, _, _): (residual.map { [$0] } ?? []) + [branch]
    case .dropout(_, let input, _), .linear(_, let input, _), .feedForward(_, _, _, _, let input, _),
      .activation(_, let input, _), .firstToken(let input, _):
      [input]
    case .attention(_, let query, let key, let value, _, _): [query, key, value]
    case .loss(_, let logits): [logits]
    }
  }

  public var output: ValueID? {
    switch self {
    case .embedding(_, _, _, let output), .norm(_, _, _, _, _, let output), .dropout(_, _, let output),
      .linear(_, _, let output), .attention(_, _, _, _, _, let output),
      .feedForward(_, _, _, _, _, let output), .activation(_, _, let output), .firstToken(_, let output):
      output
    case .loss: nil
    }
  }

  public var parameters: [ParameterID] {
    switch self {
    case .embedding(let word, let position, let type, _): [word, position] + (type.map { [$0] } ?? [])
    case .norm(let scale, let shift, _, _, _, _): [scale, shift]
    case .linear(let linear, _, _): [linear.weight, linear.bias]
    case .feedForward(_, let up, let down, _, _, _): [up.weight, up.bias, down.weight, down.bias]
    case .dropout, .attention, .activation, .firstToken, .loss: []
    }
  }
}

/// An operator and where it stands.
public struct PlacedOperator: Hashable, Sendable {
  public let operation: Operator
  /// The encoder layer; nil for the embeddings and the head.
  public let layer: Int?
  /// What kernels made from it are called: `layer.3.query`.
  public let name: String
}
