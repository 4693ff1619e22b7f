import Kernels
import TestSupport
import Testing

@Suite("Dropout")
struct DropoutTests {
  static let count = 200_000

  func mask(_ dropout: Dropout, count: Int = count) throws -> [Float] {
    let y = Buffer(count: count)
    try KernelContext(threads: 2)
      .applyDropout(dropout, count: count, x: [Float](repeating: 1, count: count), y: y.pointer)
    return y.values
  }

  /// Five standard deviations of a mean of `count` coin throws: a right kernel fails once in 1.7 million.
  func bound(_ p: Double) -> Double { 5 * (p * (1 - p) / Double(Self.count)).squareRoot() }

  @Test(
    "elements are dropped at the asked rate, and kept ones scaled to preserve the mean",
    arguments: [0.1, 0.5, 0.9])
  func rate(p: Double) throws {
    for step: UInt64 in 0..<8 {
      let values = try mask(Dropout(seed: 1, step: step, site: 3, probability: Float(p)))
      let dropped = values.count { $0 == 0 }
      #expect(abs(Double(dropped) / Double(Self.count) - p) < bound(p), "step \(step)")
      #expect(values.allSatisfy { $0 == 0 || abs(Double($0) * (1 - p) - 1) < 1e-6 })
    }
  }

  @Test("masks of other seeds, steps and sites, and of neighbours, are uncorrelated")
  func independence() throws {
    let p = 0.5
    let base = try mask(Dropout(seed: 1, step: 2, site: 3, probability: Float(p)))
    var others = [(Dropout, Int)]()
    for i: UInt64 in 1...4 {
      others.append((Dropout(seed: 1 + i, step: 2, site: 3, probability: Float(p)), 0))
      others.append((Dropout(seed: 1, step: 2 + i, site: 3, probability: Float(p)), 0))
      others.append((Dropout(seed: 1, step: 2, site: 3 + i, probability: Float(p)), 0))
      others.append((Dropout(seed: 1, step: 2, site: 3, probability: Float(p)), 1 << (2 * Int(i))))
    }
    for (dropout, shift) in others {
      let values = try mask(dropout)
      let agreeing = (0..<Self.count).count { (base[$0] == 0) == (values[($0 + shift) % Self.count] == 0) }
      #expect(abs(Double(agreeing) / Double(Self.count) - 0.5) < bound(0.5), "\(dropout), shifted by \(shift)")
    }
  }

  @Test("keys of nearby seeds, steps and sites are all different")
  func keys() {
    var keys = Set<UInt64>()
    for seed: UInt64 in 0..<16 {
      for step: UInt64 in 0..<16 {
        for site: UInt64 in 0..<16 {
          keys.insert(Dropout(seed: seed, step: step, site: site, probability: 0).key)
        }
      }
    }
    #expect(keys.count == 4096)
  }

  @Test("the mask of an element depends on key and index alone: not on size, threads, place or values")
  func pureFunction() throws {
    let dropout = Dropout(key: 0xfeed_5eed_0bad_cafe, probability: 0.3)
    let full = try mask(dropout, count: 20_011)
    for context in try contexts() {
      for size in [0, 1, 3, 7, 17, 33, 100, 4097, 20_011] {
        var random = SeededGenerator(seed: UInt64(size))
        let x = random.floats(size, in: 1...2)
        let y = Buffer(x)
        context.applyDropout(dropout, count: size, x: y.pointer, y: y.pointer)
        #expect(y.values == zip(x, full).map { $0 * $1 }, "\(size) elements, \(context.threads) threads")
      }
    }
  }

  @Test("probability 0 is the identity, in place and out of place")
  func identity() throws {
    for context in try contexts() {
      let x: [Float] = [1, -2, 0.5, .infinity]
      let y = Buffer(count: 4)
      context.applyDropout(.none, count: 4, x: x, y: y.pointer)
      #expect(y.values == x)
      context.applyDropout(.none, count: 4, x: y.pointer, y: y.pointer)
      #expect(y.values == x)
    }
  }
}
