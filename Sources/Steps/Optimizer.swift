/// How parameters are updated, and what that keeps between steps.
public enum Optimizer: String, Sendable, Codable, CaseIterable {
  /// AdamW (Loshchilov and Hutter, arXiv 1711.05101): two moments a parameter.
  case adamw
  /// AdamW with moments in 8-bit blocks (Dettmers et al., arXiv 2110.02861).
  case adamw8bit = "adamw-8bit"
  /// Adafactor without a first moment (Shazeer and Stern, arXiv 1804.04235): of a matrix, a mean a row and a mean a column.
  case adafactor
  /// Lion (Chen et al., arXiv 2302.06675): one momentum, of which only the sign moves a parameter.
  case lion
  /// Plain stochastic gradient descent: no state.
  case sgd
  /// SGD with momentum: one velocity a parameter.
  case sgdMomentum = "sgd-momentum"

  /// Tensors of fewer elements keep their moments in F32, as bitsandbytes' `min_8bit_size` has it
  /// (https://huggingface.co/docs/bitsandbytes/main/en/optimizers).
  public static let smallestBlockwiseState = 4096

  /// Whether the mean of every squared gradient can be read from the state: AdamW's second moment, in F32.
  public var keepsSquaredGradients: Bool { self == .adamw }

  /// Shapes of what is kept between steps for a tensor of so many rows and columns.
  func stateShapes(
    rows: Dimension, columns: Dimension, isVector: Bool
  ) -> [(rows: Dimension, columns: Dimension)] {
    switch self {
    case .adamw, .adamw8bit: [(rows, columns), (rows, columns)]
    case .lion, .sgdMomentum: [(rows, columns)]
    case .sgd: []
    case .adafactor: isVector ? [(rows, columns)] : [(.fixed(1), rows), (.fixed(1), columns)]
    }
  }

  /// How the state of a tensor of so many elements is stored.
  func stateFormat(count: Int) -> ElementFormat {
    self == .adamw8bit && count >= Self.smallestBlockwiseState ? .blockwiseState : .float32
  }
}
