/// How frozen matrices and tables are held.
///
/// Anything but F32 is converted when the weights are read, lies in the arena, and is expanded tile by tile where it is used;
/// F32 stays in the checkpoint's own pages.
public enum WeightFormat: String, Sendable, Codable, CaseIterable {
  case float32 = "f32"
  case bfloat16 = "bf16"
  case float16 = "f16"
  /// Codes from −127 to 127, with one F32 scale for every block of 64 along a row.
  case int8

  /// Elements of a row that share a scale.
  public static let blockLength = 64
}

/// How the elements of a buffer are stored.
public enum ElementFormat: Hashable, Sendable {
  /// F32, or Int32 where the content says so.
  case float32
  case weights(WeightFormat)
  /// Optimizer state in 8-bit codes with one F32 maximum for every block of 256 elements (Dettmers et al., arXiv 2110.02861).
  case blockwiseState
  /// Whatever takes so many bytes an element, as other trainers hold it.
  case plain(bytes: Int)

  /// Elements of an 8-bit state that share a maximum.
  public static let stateBlockLength = 256

  /// Bytes of a row-major matrix, without the padding that follows it.
  public func bytes(rows: Int, columns: Int) -> Int {
    let count = rows * columns
    switch self {
    case .float32, .weights(.float32): return count * Bytes.element
    case .plain(let bytes): return count * bytes
    case .weights(.bfloat16), .weights(.float16): return count * 2
    case .weights(.int8):
      let blocks = rows * ((columns + WeightFormat.blockLength - 1) / WeightFormat.blockLength)
      return count == 0 ? 0 : Bytes.aligned(count) + blocks * Bytes.element
    case .blockwiseState:
      let blocks = (count + Self.stateBlockLength - 1) / Self.stateBlockLength
      return count == 0 ? 0 : Bytes.aligned(count) + blocks * Bytes.element
    }
  }
}
