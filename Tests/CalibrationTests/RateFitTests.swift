import Devices
import Steps
import TestSupport
import Testing

@testable import Calibration

@Suite("Fitting rates to measured times")
struct RateFitTests {
  /// Times that a rate gives for works, one in ten of them thrice as long: something else ran.
  private func samples(
    _ works: [KernelWork], _ rate: KernelRate, _ random: inout SeededGenerator
  ) -> [KernelSample] {
    works.map {
      let disturbance =
        Int.random(in: 0..<10, using: &random) == 0 ? 3.0 : Double.random(in: 1...1.02, using: &random)
      return KernelSample($0, seconds: rate.seconds($0) * disturbance)
    }
  }

  private func product(_ rows: Int, _ columns: Int, _ depth: Int) throws -> KernelWork {
    let extents = KernelWork.Extents(rows: rows, columns: columns, depth: depth)
    return KernelWork(
      try #require(KernelClass("linear")), operations: extents.operations, bytesMoved: 1, extents: extents)
  }

  private func stream(_ bytes: Int) throws -> KernelWork {
    KernelWork(try #require(KernelClass("gelu")), operations: bytes / 8, bytesMoved: bytes)
  }

  @Test("a kernel's typical time is the mean, in which what is beyond thrice the median counts as that")
  func typical() {
    #expect([Double]().typical == 0)
    #expect([2.0, 4, 6].typical == 4)
    #expect([1.0, 1, 1, 100].typical == 1.5)
    // Whatever disturbs as many as half of the runs belongs to the machine.
    #expect([1.0, 1, 3, 3].typical == 2)
  }

  @Test(
    "products' times are predicted within 5 % from samples of which some were disturbed",
    arguments: 0..<8 as Range<UInt64>)
  func products(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let truth = KernelRate(
      operationsPerSecond: 80e9, half: (0..<3).map { _ in Double.random(in: 0...60, using: &random) },
      overheadSeconds: Double.random(in: 0...5e-6, using: &random))
    let sizes = [32, 64, 128, 256, 384, 768, 1536]
    let works = try (0..<80).map { _ in
      try product(
        sizes.randomElement(using: &random) ?? 1, sizes.randomElement(using: &random) ?? 1,
        sizes.randomElement(using: &random) ?? 1)
    }
    let rate = try #require(RateFit.rates(samples(works, truth, &random))["linear"])
    for work in try [
      product(2048, 768, 768), product(512, 307, 768), product(512, 3072, 768), product(128, 96, 512),
    ] {
      let ratio = rate.seconds(work) / truth.seconds(work)
      #expect((0.95...1.05).contains(ratio), "seed \(seed): \(ratio) for \(String(describing: work.extents))")
    }
  }

  @Test(
    "the product that reached the highest rate is not predicted to be quicker than it was",
    arguments: 0..<20 as Range<UInt64>)
  func bounded(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let samples = try [32, 64, 96, 128, 256].map { size in
      KernelSample(
        try product(size, size, size), seconds: Double(size) * Double.random(in: 1e-6...1e-5, using: &random))
    }
    let rate = try #require(RateFit.rates(samples)["linear"])
    let best = try #require(
      samples.max { Double($0.work.operations) / $0.seconds < Double($1.work.operations) / $1.seconds })
    #expect(rate.seconds(best.work) >= best.seconds * 0.999, "seed \(seed)")
  }

  @Test("the bandwidths within and beyond a cache are told apart", arguments: 0..<8 as Range<UInt64>)
  func streams(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let truth = KernelRate(
      bytesPerSecond: 10e9, cachedBytesPerSecond: 60e9, cacheBytes: 1 << 21, overheadSeconds: 2e-6)
    let works = try (0..<60).map { _ in try stream(1 << Int.random(in: 12...26, using: &random)) }
    let rate = try #require(RateFit.rates(samples(works, truth, &random))["gelu"])
    for bytes in [1 << 15, 1 << 20, 1 << 23, 1 << 27] {
      let work = try stream(bytes)
      let ratio = rate.seconds(work) / truth.seconds(work)
      #expect((0.9...1.1).contains(ratio), "seed \(seed): \(ratio) for \(bytes) bytes")
    }
  }

  @Test("samples of one size give a bandwidth, and of the same work the median counts")
  func single() throws {
    let work = try stream(1_000_000)
    let rates = RateFit.rates([3e-4, 1e-4, 2e-4].map { KernelSample(work, seconds: $0) })
    let rate = try #require(rates["gelu"])
    #expect(rate.overheadSeconds == 0 && abs(rate.seconds(work) - 2e-4) < 1e-9)
    #expect(abs(rate.seconds(try stream(3_000_000)) - 6e-4) < 1e-9)
    #expect(RateFit.rates([]).isEmpty)
  }

  @Test("rates that times would make negative are left out", arguments: 0..<30 as Range<UInt64>)
  func nonNegative(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let nonsense = try (0..<12).flatMap { _ in
      [
        KernelSample(
          try product(
            Int.random(in: 1...99, using: &random), Int.random(in: 1...99, using: &random),
            Int.random(in: 1...99, using: &random)), seconds: Double.random(in: 1e-6...1e-3, using: &random)),
        KernelSample(
          try stream(Int.random(in: 1...9_999_999, using: &random)),
          seconds: Double.random(in: 1e-6...1e-3, using: &random)),
      ]
    }
    for (name, rate) in RateFit.rates(nonsense) {
      #expect(
        rate.overheadSeconds >= 0 && rate.half.allSatisfy { $0 >= 0 && $0.isFinite }, "seed \(seed), \(name)")
      #expect((rate.operationsPerSecond ?? 1) > 0 && (rate.bytesPerSecond ?? 1) > 0, "seed \(seed), \(name)")
      #expect((rate.cachedBytesPerSecond ?? .infinity) >= (rate.bytesPerSecond ?? 0), "seed \(seed), \(name)")
    }
  }
}
