import Kernels
import TestSupport
import Testing

@Suite("8-bit states")
struct EightBitTests {
  static let sizes = [0, 1, 63, 64, 65, 255, 256, 257, 511, 512, 513, 4096, 9001]

  func rounded(_ x: [Float], signed: Bool) -> [Float] {
    let state = Bytes(count: EightBitState.bytes(count: x.count))
    EightBitState.store(signed: signed, count: x.count, x: x, state: state.pointer)
    _ = state.values
    let out = Buffer(count: x.count)
    EightBitState.load(signed: signed, count: x.count, state: state.pointer, x: out.pointer)
    return out.values
  }

  @Test("a state takes a byte an element in lines of 64 and a float for each 256 elements")
  func sizes() {
    #expect(
      Self.sizes.map(EightBitState.bytes(count:))
        == Self.sizes.map { size in
          (size + 63) / 64 * 64 + (size + 255) / 256 * 4
        })
    #expect(EightBitState.bytes(count: 384 * 384) == 149_760)
  }

  @Test("the values are those of bitsandbytes, and code 0 is zero")
  func values() throws {
    let reference = try Reference.load().eightBit
    for (signed, expected) in [(true, reference.signed), (false, reference.unsigned)] {
      let values = EightBitState.values(signed: signed)
      expectClose(values.sorted(), doubles(expected), relative: 2e-7, absolute: 0, "signed \(signed)")
      #expect(values[0] == 0)
      #expect(Set(values).count == 256)
    }
    let unsigned = EightBitState.values(signed: false)
    #expect(unsigned == unsigned.sorted())
  }

  @Test("elements go to the nearest of the values of bitsandbytes")
  func rounding() throws {
    let reference = try Reference.load().eightBit
    expectClose(
      rounded(reference.x, signed: true), doubles(reference.roundedSigned), relative: 5e-7, absolute: 0,
      "signed")
    expectClose(
      rounded(reference.x.map(abs), signed: false), doubles(reference.roundedUnsigned), relative: 5e-7,
      absolute: 0, "unsigned")
  }

  @Test("every element goes to the nearest value, between all neighbours and at every value itself")
  func nearest() {
    for signed in [true, false] {
      let values = EightBitState.values(signed: signed).sorted()
      var x: [Float] = []
      for (low, high) in zip(values, values.dropFirst()) {
        x += [0, 0.25, 0.499, 0.501, 0.75, 1].map { low + $0 * (high - low) }
      }
      x += [1e-9, .leastNonzeroMagnitude, 0].map { signed ? -$0 : abs($0) }
      for factor: Float in [1, 3e-30, 7e20] {
        // Each block holds its greatest magnitude, so that `factor` is what the others are divided by.
        let blocks = stride(from: 0, to: x.count, by: 255)
          .flatMap { start in [factor] + x[start..<min(start + 255, x.count)].map { $0 * factor } }
        for (value, result) in zip(blocks, rounded(blocks, signed: signed)) {
          let part = Double(value) / Double(factor)
          let least = values.map { abs(Double($0) - part) }.min() ?? 0
          let distance = abs(Double(result) / Double(factor) - part)
          if !(distance <= least + 2e-7 * abs(part)) { Issue.record("\(part) went to \(result / factor)") }
        }
      }
    }
  }

  @Test("a block keeps its greatest magnitude, except where negative, and zero stays zero")
  func extremes() {
    for size in Self.sizes where size > 0 {
      var random = SeededGenerator(seed: UInt64(size))
      let x = random.floats(size, in: 0...1)
      let result = rounded(x, signed: false)
      for start in stride(from: 0, to: size, by: 256) {
        let block = start..<min(start + 256, size)
        #expect(x[block].max() == result[block].max(), "\(size) elements, block at \(start)")
      }
      #expect(rounded([Float](repeating: 0, count: size), signed: true).allSatisfy { $0 == 0 })
    }
    #expect(rounded([.leastNonzeroMagnitude, 0], signed: true)[0] == .leastNonzeroMagnitude)
    #expect(rounded([-2, 0], signed: true)[0] == -2 * Float(0.99296875))
    #expect(rounded([.greatestFiniteMagnitude, 1], signed: true) == [.greatestFiniteMagnitude, 0])
  }

  @Test("a NaN or an infinity spoils no other block")
  func notFinite() {
    for wild in [Float.nan, .infinity, -.infinity] {
      var x = [Float](repeating: 1, count: 512)
      x[7] = wild
      let result = rounded(x, signed: true)
      #expect(result[256...].allSatisfy { $0 == 1 })
      #expect(!result[..<256].allSatisfy { $0.isFinite }, "\(wild) is not hidden")
    }
  }

  /// Parameters with both states.
  struct Tensor {
    let count: Int
    let p: Buffer
    let states: [Bytes]

    init(_ start: [Float]) {
      (count, p) = (start.count, Buffer(start))
      states = (0..<2).map { _ in Bytes(count: EightBitState.bytes(count: start.count)) }
    }

    func step(_ rule: UpdateRule, _ gradient: [Float], _ context: KernelContext, scale: Float = 1) {
      context.updateEightBit(
        rule, count: count, parameters: p.pointer, gradients: gradient, state1: states[0].pointer,
        state2: states[1].pointer, gradientScale: scale)
    }

    var loaded: [[Float]] {
      [true, false].enumerated().map { index, signed in
        let out = Buffer(count: count)
        EightBitState.load(signed: signed, count: count, state: states[index].pointer, x: out.pointer)
        return out.values
      }
    }

    func expectEqual(_ other: Tensor, _ what: String) {
      #expect(bits(p.values) == bits(other.p.values), "\(what)")
      for (a, b) in zip(states, other.states) { #expect(a.values == b.values, "states of \(what)") }
    }
  }

  @Test("AdamW over rounded states moves as its statement in double precision")
  func adamW() throws {
    let run = try Reference.load().eightBit.adamW
    for context in try contexts() {
      let tensor = Tensor(run.start)
      for (index, step) in run.steps.enumerated() {
        let rule = UpdateRule.adamW(
          learningRate: run.learningRate, weightDecay: run.weightDecay, step: index + 1)
        tensor.step(rule, step.gradient, context)
        expectClose(tensor.p.values, doubles(step.parameters), absolute: 1e-6, "step \(index + 1)")
        for (state, expected) in zip(tensor.loaded, step.states) {
          expectClose(state, doubles(expected), relative: 1e-6, absolute: 0, "states of step \(index + 1)")
        }
      }
    }
  }

  @Test("a step is the step in single precision on what the states hold, for every rule, size and thread count")
  func composition() throws {
    for size in Self.sizes {
      for kind in UpdateTests.rules(step: 1).indices {
        var first: Tensor?
        for context in try contexts() {
          var random = SeededGenerator(seed: UInt64(size))
          let tensor = Tensor(random.floats(size))
          for step in 1...3 {
            let rule = UpdateTests.rules(step: step)[kind]
            let (gradient, p, s) = (
              random.floats(size), Buffer(tensor.p.values), tensor.loaded.map(Buffer.init)
            )
            context.update(
              rule, count: size, parameters: p.pointer, gradients: gradient, state1: s[0].pointer,
              state2: s[1].pointer, gradientScale: 0.5)
            tensor.step(rule, gradient, context, scale: 0.5)
            #expect(bits(tensor.p.values) == bits(p.values), "\(size) parameters, rule \(kind)")
          }
          let expected = first ?? tensor
          first = expected
          tensor.expectEqual(expected, "\(size) parameters, rule \(kind), \(context.threads) threads")
        }
      }
    }
  }

  @Test("a table moves with the bits of its dense gradient", arguments: EmbeddingTests.shapes + [(20, 9, 300)])
  func table(tokens: Int, rows: Int, width: Int) throws {
    for context in try contexts() {
      for kind in UpdateTests.rules(step: 1).indices {
        var random = SeededGenerator(seed: UInt64(tokens + width))
        let start = random.floats(rows * width)
        let (table, dense) = (Tensor(start), Tensor(start))
        for step in 1...4 {
          let rule = UpdateTests.rules(step: step)[kind]
          let batch = try TableBatch(tokens: tokens, rows: rows, width: width, random: &random)
          context.updateEmbeddingEightBit(
            rule, rows: rows, width: width, dx: batch.dx, heads: batch.heads, order: batch.order,
            table: table.p.pointer, state1: table.states[0].pointer, state2: table.states[1].pointer,
            gradientScale: 0.7)
          dense.step(rule, batch.denseGradient(context), context, scale: 0.7)
        }
        table.expectEqual(dense, "\(tokens) tokens, \(rows) rows, rule \(kind)")
      }
    }
  }
}
