/// Where a step's buffers lie, and what each is charged.
public enum Residence: Hashable, Sendable {
  /// In one arena, every offset decided beforehand; frozen weights are read in place from the checkpoint.
  case arena
  /// Each in an allocation of its own, rounded up to a multiple of so many bytes; every weight is resident.
  case heap(rounding: Int)

  /// What a buffer's bytes are rounded up to.
  public var rounding: Int {
    switch self {
    case .arena: Bytes.alignment
    case .heap(let rounding): rounding
    }
  }
}
