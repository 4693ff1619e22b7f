import Kernels
import TestSupport
import Testing

@Suite("Norms and scales of gradients")
struct SquaredNormTests {
  @Test("the squared norm is that of double precision, the same bits for any thread count")
  func dense() throws {
    for count in [0, 1, 7, 4095, 4096, 4097, 64 * 4096, 64 * 4096 + 1, 300_001] {
      var random = SeededGenerator(seed: UInt64(count))
      let x = random.floats(count)
      let expected = x.reduce(0.0) { $0 + Double($1) * Double($1) }
      let results = try contexts().map { $0.squaredNorm(count: count, x: x) }
      #expect(abs(results[0] - expected) <= 1e-12 * expected, "\(count) elements")
      for result in results { #expect(result == results[0], "\(count) elements") }
    }
    let context = try KernelContext(threads: 1)
    #expect(
      context.squaredNorm(count: 3, x: [1e30, 0, .leastNonzeroMagnitude]) == Double(Float(1e30))
        * Double(Float(1e30)))
    #expect(!context.squaredNorm(count: 2, x: [1, .nan]).isFinite)
  }

  @Test("a table's squared norm is that of its dense gradient", arguments: EmbeddingTests.shapes)
  func table(tokens: Int, rows: Int, width: Int) throws {
    var random = SeededGenerator(seed: UInt64(tokens))
    let batch = try TableBatch(tokens: tokens, rows: rows, width: width, random: &random)
    let results = try contexts().map { context in
      let scratch = Bytes(count: ScratchBytes.updateEmbedding(threads: context.threads, width: width))
      let norm = context.squaredNormOfTable(
        rows: rows, width: width, dx: batch.dx, heads: batch.heads, order: batch.order, scratch: scratch.pointer
      )
      _ = scratch.values
      let dense = batch.denseGradient(context).reduce(0.0) { $0 + Double($1) * Double($1) }
      #expect(abs(norm - dense) <= 1e-12 * dense, "\(tokens) tokens, \(rows) rows")
      return norm
    }
    for result in results { #expect(result == results[0]) }
  }

  @Test("a scale of a power of two gives the bits of gradients multiplied before, for every rule")
  func scale() throws {
    for context in try contexts() {
      for kind in UpdateTests.rules(step: 1).indices {
        var random = SeededGenerator(seed: UInt64(kind))
        let start = random.floats(5000)
        let scaled = (Buffer(start), Buffer(count: 5000, of: 0), Buffer(count: 5000, of: 0))
        let before = (Buffer(start), Buffer(count: 5000, of: 0), Buffer(count: 5000, of: 0))
        for step in 1...3 {
          let rule = UpdateTests.rules(step: step)[kind]
          let gradient = random.floats(5000)
          context.update(
            rule, count: 5000, parameters: scaled.0.pointer, gradients: gradient, state1: scaled.1.pointer,
            state2: scaled.2.pointer, gradientScale: 0.125)
          context.update(
            rule, count: 5000, parameters: before.0.pointer, gradients: gradient.map { $0 * 0.125 },
            state1: before.1.pointer, state2: before.2.pointer)
        }
        #expect(bits(scaled.0.values) == bits(before.0.values), "rule \(kind)")
        #expect(bits(scaled.1.values) == bits(before.1.values), "rule \(kind)")
        #expect(bits(scaled.2.values) == bits(before.2.values), "rule \(kind)")
      }
    }
  }

  @Test("Lion moves as its statement in double precision, and where nothing pulls, only decays")
  func lion() throws {
    let run = try Reference.load().lion
    for context in try contexts() {
      let (p, m) = (Buffer(run.start), Buffer(count: run.start.count, of: 0))
      for (index, step) in run.steps.enumerated() {
        context.update(
          .lion(learningRate: run.learningRate, weightDecay: run.weightDecay), count: p.count,
          parameters: p.pointer, gradients: step.gradient, state1: m.pointer, state2: nil)
        expectClose(p.values, doubles(step.parameters), absolute: 1e-7, "step \(index + 1)")
        expectClose(m.values, doubles(step.states[0]), absolute: 1e-8, "momentum of step \(index + 1)")
      }
      #expect(p.values[8] == 0)
    }
  }
}
