/// A batch of sequences packed one after another, without padding.
///
/// Storage is reserved once for the largest batch; filling it again allocates nothing.
public struct Batch: Sendable {
  public private(set) var ids: [Int32] = []
  /// Position of every token in its sequence.
  public private(set) var positions: [Int32] = []
  /// Segment of every token.
  public private(set) var types: [Int32] = []
  /// First token of every sequence, and the number of tokens last.
  public private(set) var offsets: [Int32] = [0]
  /// As many a sequence as the problem has: class numbers, token positions, or the bits of F32 targets.
  public private(set) var labels: [Int32] = []

  public init(sequences: Int, tokens: Int, labelsPerSequence: Int = 1) {
    ids.reserveCapacity(tokens)
    positions.reserveCapacity(tokens)
    types.reserveCapacity(tokens)
    offsets.reserveCapacity(sequences + 1)
    labels.reserveCapacity(sequences * labelsPerSequence)
  }

  public var sequenceCount: Int { offsets.count - 1 }
  public var tokenCount: Int { ids.count }

  public mutating func removeAll() {
    ids.removeAll(keepingCapacity: true)
    positions.removeAll(keepingCapacity: true)
    types.removeAll(keepingCapacity: true)
    offsets.removeAll(keepingCapacity: true)
    offsets.append(0)
    labels.removeAll(keepingCapacity: true)
  }

  /// Appends one sequence.
  ///
  /// - Parameters:
  ///   - firstSegment: how many of its tokens are of type 0; the rest are of type 1.
  ///   - labels: as many as the problem has for a sequence.
  public mutating func append(
    _ tokens: some Collection<Int32>, firstSegment: Int, labels: some Collection<Int32>
  ) {
    for (position, token) in tokens.enumerated() {
      ids.append(token)
      positions.append(Int32(position))
      types.append(position < firstSegment ? 0 : 1)
    }
    offsets.append(Int32(ids.count))
    self.labels.append(contentsOf: labels)
  }

  public mutating func append(_ tokens: some Collection<Int32>, firstSegment: Int, label: Int32) {
    append(tokens, firstSegment: firstSegment, labels: CollectionOfOne(label))
  }

  public mutating func append(_ tokens: some Collection<Int32>, firstSegment: Int, target: Float) {
    append(tokens, firstSegment: firstSegment, label: Int32(bitPattern: target.bitPattern))
  }
}
