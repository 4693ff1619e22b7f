/// Which examples each training step sees: every example once an epoch, in batches, the last of them maybe smaller.
///
/// ```swift
/// let sampler = BatchSampler(exampleCount: 10, batchSize: 4, order: .shuffled(seed: 1))
/// sampler.stepsPerEpoch  // 3
/// sampler.batch(at: 2).count  // 2
/// ```
///
/// The order is computed, not stored: a keyed permutation of `0..<exampleCount` gives any position of any epoch
/// by itself. So a run resumes at any step, the memory is constant, and the same seed gives the same order on
/// every platform.
public struct BatchSampler: Equatable, Sendable {
  public enum Order: Equatable, Sendable {
    /// 0, 1, 2, …, the same in every epoch; for evaluation.
    case sequential
    /// Another permutation in every epoch.
    case shuffled(seed: UInt64)
  }

  public let exampleCount: Int
  public let batchSize: Int
  public let order: Order

  /// Both counts must be positive.
  public init(exampleCount: Int, batchSize: Int, order: Order) {
    precondition(exampleCount > 0 && batchSize > 0, "\(exampleCount) examples in batches of \(batchSize)")
    self.exampleCount = exampleCount
    self.batchSize = batchSize
    self.order = order
  }

  public var stepsPerEpoch: Int { (exampleCount - 1) / batchSize + 1 }

  /// The epoch of a step; both count from 0.
  public func epoch(of step: Int) -> Int { step / stepsPerEpoch }

  /// The steps that so many epochs take.
  public func steps(inEpochs epochs: Int) -> Int { epochs * stepsPerEpoch }

  /// Indices of the examples of a step, counted from 0 over all epochs.
  public func batch(at step: Int) -> [Int] {
    precondition(step >= 0, "step \(step)")
    let start = step % stepsPerEpoch * batchSize
    let positions = start..<start + min(batchSize, exampleCount - start)
    switch order {
    case .sequential: return Array(positions)
    case .shuffled(let seed):
      let permutation = KeyedPermutation(count: exampleCount, key: seed, round: UInt64(epoch(of: step)))
      return positions.map { permutation[$0] }
    }
  }
}

/// A pseudorandom permutation of `0..<count`, one value at a time.
///
/// A Feistel network permutes the next even number of bits; values outside are sent through again until they fall
/// inside ("cycle walking": Black and Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002), at most four
/// times on average. The round function is SplitMix64's finalizer (Steele, Lea, Flood, "Fast Splittable
/// Pseudorandom Number Generators", OOPSLA 2014).
struct KeyedPermutation {
  /// Four suffice for a strong permutation by an ideal function (Luby and Rackoff 1988); tiny domains need more.
  private static let rounds: UInt64 = 8

  private let count: UInt64
  private let halfBits: UInt64
  private let keys: [UInt64]

  init(count: Int, key: UInt64, round: UInt64) {
    self.count = UInt64(count)
    let bits = UInt64.bitWidth - (UInt64(count) - 1).leadingZeroBitCount
    halfBits = UInt64(max(1, (bits + 1) / 2))
    let base = splitMix64(splitMix64(key) ^ round)
    keys = (0..<Self.rounds).map { splitMix64(base &+ $0) }
  }

  subscript(position: Int) -> Int {
    var value = UInt64(position)
    repeat { value = permuteBits(value) } while value >= count
    return Int(value)
  }

  private func permuteBits(_ value: UInt64) -> UInt64 {
    let mask = (1 << halfBits) - 1 as UInt64
    var (left, right) = (value >> halfBits, value & mask)
    for key in keys {
      (left, right) = (right, left ^ (splitMix64(key ^ right) & mask))
    }
    return left << halfBits | right
  }
}

/// The output of SplitMix64 for a state: a well-mixed 64-bit function.
private func splitMix64(_ state: UInt64) -> UInt64 {
  var mixed = state &+ 0x9E37_79B9_7F4A_7C15
  mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
  mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
  return mixed ^ mixed >> 31
}
