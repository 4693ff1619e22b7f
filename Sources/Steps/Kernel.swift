import Graph

/// The numerical kernels a step is made of.
///
/// Shapes below use T tokens, B sequences; operands are found by role.
public enum KernelOperation: Hashable, Sendable {
  /// `output (T,H) = word[ids] + position[positions] + type[types]`; `weight`, `weight2`, `weight3` are the tables.
  case embedding
  /// `z = residual + dropout(input)`; `normalised = (z − mean)·rstd`; `output = scale·normalised + shift`.
  case normForward(DropoutSite, epsilon: Double)
  /// `output = scale·normalised + shift`.
  case normRebuild
  /// In place on `gradient`: from the gradient of the output to that of z.
  case normBackward
  /// `output (1,H) = Σ rows gradient·normalised`.
  case normScaleGradient
  /// `output = mask·input/(1−p)`; its own backward.
  case dropout(DropoutSite)
  /// `output = input·Wᵀ + bias`.
  case linear
  /// `output += gradient·W`.
  case linearInputGradient
  /// `output = gradientᵀ·input` `(outputs, inputs)`, or its transpose where the weight is kept transposed.
  case linearWeightGradient(transposed: Bool)
  /// `output (1,N) = Σ rows input`.
  case columnSum
  case activation(Activation)
  /// In place on `gradient`; `input` is what forward read, or for tanh what it wrote.
  case activationBackward(Activation)
  /// `output (T,H)` from `query`, `key`, `value`.
  case attention(heads: Int, DropoutSite)
  /// `queryGradient`, `keyGradient`, `valueGradient`, each only where needed.
  case attentionBackward(heads: Int, DropoutSite)
  /// `output (B,H)` = first rows of each sequence of `input (T,H)`.
  case firstToken
  /// `output (T,H)`: zero but for first rows.
  case firstTokenBackward
  /// `loss` and, where needed, `output` = gradient of the logits in `input`.
  case loss(Problem)
  /// Token positions sorted by table row: `starts (rows+1)`, `order (T)` from `ids`.
  case tokenIndex
  /// One optimizer update of `weight` from `gradient` and its `state`s.
  case update(decay: Bool)
  /// The same for a table, whose gradient is gathered row by row from `gradient (T,H)`.
  case updateEmbedding(decay: Bool)
  /// Keeps a micro-batch's `input (T,H)` in its place of `output`, which holds the whole batch's tokens.
  case keepTokens
  /// An elementwise operator, copy or reduction of another trainer, by its name.
  case elementwise(String)
  /// A product for every head of every sequence, of another trainer: `(S,d)·(d,S)` or `(S,S)·(S,d)`.
  case batchedProduct
  /// Adds the squares of `gradient` to `squaredNorm`.
  case squaredNorm
  /// The same for a table, whose gradient is gathered row by row from `gradient (T,H)`.
  case squaredNormOfTable

  /// The name under which time and bytes are grouped.
  public var label: String {
    switch self {
    case .embedding: "embedding"
    case .normForward: "norm"
    case .normRebuild: "norm rebuild"
    case .normBackward: "norm backward"
    case .normScaleGradient: "norm scale gradient"
    case .dropout: "dropout"
    case .linear: "linear"
    case .linearInputGradient: "linear input gradient"
    case .linearWeightGradient: "linear weight gradient"
    case .columnSum: "bias gradient"
    case .activation(let kind): kind.rawValue
    case .activationBackward(let kind): "\(kind.rawValue) backward"
    case .attention: "attention"
    case .attentionBackward: "attention backward"
    case .firstToken: "first token"
    case .firstTokenBackward: "first token backward"
    case .loss: "loss"
    case .tokenIndex: "token index"
    case .update: "update"
    case .updateEmbedding: "table update"
    case .keepTokens: "keep tokens"
    case .elementwise(let name): name
    case .batchedProduct: "batched product"
    case .squaredNorm: "gradient norm"
    case .squaredNormOfTable: "table gradient norm"
    }
  }
}

/// What bounds a kernel's time.
public enum KernelKind: String, Sendable, Codable, CaseIterable {
  /// Bound by arithmetic.
  case matrixProducts = "matrix products"
  /// Products, exponentials and masks in tiles.
  case attention
  /// Bound by the bytes it moves, as is everything below.
  case elementwise = "element-wise"
  case optimizer

  public var isMemoryBound: Bool { self == .elementwise || self == .optimizer }
}

extension KernelOperation {
  public var kind: KernelKind {
    switch self {
    case .linear, .linearInputGradient, .linearWeightGradient: .matrixProducts
    case .attention, .attentionBackward, .batchedProduct: .attention
    case .update, .updateEmbedding, .tokenIndex, .squaredNorm, .squaredNormOfTable: .optimizer
    default: .elementwise
    }
  }
}

extension KernelTemplate {
  /// The operands of a kernel whose output may take its input's place, where nothing needs the input afterwards.
  public var inPlace: (input: BufferID, output: BufferID)? {
    guard case .activation = operation, let input = operands.first(where: { $0.role == .input }),
      let output = operands.first(where: { $0.role == .output })
    else { return nil }
    return (input.buffer, output.buffer)
  }
}

/// What an operand is to its kernel.
public enum OperandRole: Hashable, Sendable {
  case input, output, residual, normalised, deviation
  case weight, weight2, weight3, bias
  case gradient, state(Int)
  case query, key, value, queryGradient, keyGradient, valueGradient
  case ids, types, positions, offsets, labels, starts, order
  case loss, workspace, squaredNorm
}

/// How a kernel touches an operand.
public enum Access: Hashable, Sendable {
  case read
  case write
  /// In place: the old contents matter.
  case readWrite
  /// Adds to what an earlier kernel of the step left there, or writes when it is the first.
  case accumulate
  /// Adds to what earlier micro-batches left there; the first of them writes.
  case accumulateOverBatch

  public var reads: Bool { self != .write }
  public var writes: Bool { self != .read }
}

/// The part of the step that a kernel belongs to.
public enum Phase: String, Sendable, Codable { case forward, loss, recompute, backward, update }

/// One kernel with every decision still open; a class, because thousands of steps share it.
public final class KernelTemplate: Sendable {
  public struct Operand: Sendable {
    public let role: OperandRole
    public let buffer: BufferID
    public let access: Access
    /// The outputs for whose sake it is read; empty means all of them.
    public let feeds: [OperandRole]

    package init(role: OperandRole, buffer: BufferID, access: Access, feeds: [OperandRole] = []) {
      self.role = role
      self.buffer = buffer
      self.access = access
      self.feeds = feeds
    }
  }

  public let operation: KernelOperation
  public let name: String
  public let layer: Int?
  public let phase: Phase
  public let operands: [Operand]
  /// The decision that makes this kernel necessary in itself: an update's, or the loss's.
  public let root: Atom?
  /// The nodes it works on; the kernel vanishes where any side has none.
  public let sides: [NodeSide]

  package init(
    operation: KernelOperation, name: String, layer: Int?, phase: Phase, operands: [Operand],
    root: Atom? = nil, sides: [NodeSide] = []
  ) {
    self.operation = operation
    self.name = name
    self.layer = layer
    self.phase = phase
    self.operands = operands
    self.root = root
    self.sides = sides
  }
}
