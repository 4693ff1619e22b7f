import Testing

@testable import Tasks

@Suite("Sampling batches")
struct BatchSamplerTests {
  @Test("every epoch holds every example once, its last batch what is left")
  func coverage() {
    for count in 1...40 {
      for batchSize in 1...count + 1 {
        for order in [BatchSampler.Order.sequential, .shuffled(seed: UInt64(count))] {
          let sampler = BatchSampler(exampleCount: count, batchSize: batchSize, order: order)
          for epoch in 0..<2 {
            let steps = epoch * sampler.stepsPerEpoch..<(epoch + 1) * sampler.stepsPerEpoch
            let batches = steps.map { sampler.batch(at: $0) }
            #expect(batches.flatMap { $0 }.sorted() == Array(0..<count), "\(sampler), epoch \(epoch)")
            #expect(batches.dropLast().allSatisfy { $0.count == batchSize })
            #expect(steps.allSatisfy { sampler.epoch(of: $0) == epoch })
          }
        }
      }
    }
  }

  @Test("the sequential order is the file's")
  func sequential() {
    let sampler = BatchSampler(exampleCount: 5, batchSize: 2, order: .sequential)
    #expect((0..<4).map { sampler.batch(at: $0) } == [[0, 1], [2, 3], [4], [0, 1]])
    #expect(sampler.stepsPerEpoch == 3 && sampler.steps(inEpochs: 2) == 6)
  }

  @Test("a seed gives this very order on every platform")
  func pinnedOrder() {
    let sampler = BatchSampler(exampleCount: 10, batchSize: 10, order: .shuffled(seed: 42))
    #expect(sampler.batch(at: 0) == [4, 2, 9, 3, 1, 6, 8, 5, 0, 7])
    #expect(sampler.batch(at: 1) == [2, 6, 4, 5, 7, 3, 9, 8, 1, 0])
    let large = BatchSampler(exampleCount: 67_349, batchSize: 4, order: .shuffled(seed: 42))
    #expect(large.batch(at: 1_000_000) == [58966, 17138, 48246, 29905])
  }

  @Test("epochs and seeds differ")
  func differences() {
    let orders = (0..<4 as Range<UInt64>).flatMap { seed in
      let sampler = BatchSampler(exampleCount: 50, batchSize: 50, order: .shuffled(seed: seed))
      return (0..<4).map { sampler.batch(at: $0) }
    }
    #expect(Set(orders).count == orders.count)
  }

  @Test("every example is equally likely at every place", arguments: [2, 3, 4, 5, 7, 16, 33])
  func uniformity(count: Int) {
    let draws = 4000
    var hits = Array(repeating: Array(repeating: 0, count: count), count: count)
    for seed in 0..<draws {
      let order = BatchSampler(exampleCount: count, batchSize: count, order: .shuffled(seed: UInt64(seed)))
        .batch(at: 0)
      for (place, example) in order.enumerated() { hits[place][example] += 1 }
    }
    let expected = Double(draws) / Double(count)
    // Six standard deviations of a binomial count: a fair order exceeds that about twice in 10⁹ cells.
    let bound = 6 * (expected * (1 - 1 / Double(count))).squareRoot()
    for row in hits {
      for hit in row { #expect(abs(Double(hit) - expected) < bound, "\(hit) of about \(expected)") }
    }
  }
}
