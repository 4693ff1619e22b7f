import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Attention")
struct AttentionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let lengths: [Int]
    let heads, headSize: Int
    let dropout: Dropout
    var slack = 0  // maxLength may exceed the longest sequence

    var offsets: [Int32] { lengths.reduce(into: [0]) { $0.append(($0.last ?? 0) + Int32($1)) } }
    var tokens: Int { lengths.reduce(0, +) }
    var width: Int { heads * headSize }
    var maxLength: Int { (lengths.max() ?? 0) + slack }
    var testDescription: String {
      "lengths \(lengths), \(heads) heads of \(headSize), p \(dropout.probability)"
    }

    /// The multiplier of each probability, in the order of the kernels' element index.
    func mask(_ context: KernelContext) -> [Float] {
      let count = tokens * heads * maxLength
      let mask = Buffer(count: count, of: 1)
      context.applyDropout(dropout, count: count, x: mask.pointer, y: mask.pointer)
      return mask.values
    }

    /// The forward by its definition, in double precision.
    func reference(_ q: [Double], _ k: [Double], _ v: [Double], mask: [Float]) -> [Double] {
      var context = [Double](repeating: 0, count: tokens * width)
      let scale = 1 / Double(headSize).squareRoot()
      for (start, length) in zip(offsets.map(Int.init), lengths) {
        for head in 0..<heads {
          for query in start..<start + length {
            let at = query * width + head * headSize
            let weights = (start..<start + length).map { key in
              exp(scale * (0..<headSize).reduce(0) { $0 + q[at + $1] * k[key * width + head * headSize + $1] })
            }
            let sum = weights.reduce(0, +)
            for (key, weight) in weights.enumerated() {
              let p = weight / sum * Double(mask[(query * heads + head) * maxLength + key])
              for i in 0..<headSize { context[at + i] += p * v[(start + key) * width + head * headSize + i] }
            }
          }
        }
      }
      return context
    }
  }

  static let drops = Dropout(key: 99, probability: 0.3)
  static let cases = [
    Case(lengths: [1], heads: 1, headSize: 1, dropout: .none),
    Case(lengths: [3, 1, 7, 2], heads: 3, headSize: 5, dropout: .none),
    Case(lengths: [4, 1, 6], heads: 2, headSize: 3, dropout: drops, slack: 5),
    Case(lengths: [17, 0, 1, 33], heads: 1, headSize: 8, dropout: drops),
    Case(lengths: [64, 65, 2], heads: 2, headSize: 4, dropout: .none),  // one tile exactly, and one row more
    Case(lengths: [1, 100, 130], heads: 2, headSize: 4, dropout: drops),
    Case(lengths: [], heads: 2, headSize: 4, dropout: drops),
  ]

  struct Inputs {
    var q, k, v, dcontext: [Float]

    init(_ given: Case) {
      var random = SeededGenerator(seed: UInt64(given.tokens + given.width))
      let count = given.tokens * given.width
      q = random.floats(count, in: -2...2)
      k = random.floats(count, in: -2...2)
      v = random.floats(count)
      dcontext = random.floats(count)
    }
  }

  func withShape(_ given: Case, _ body: (AttentionShape) -> Void) {
    given.offsets.withUnsafeBufferPointer { offsets in
      guard let start = offsets.baseAddress else { return }
      body(
        AttentionShape(
          sequences: given.lengths.count, offsets: start, maxLength: given.maxLength, heads: given.heads,
          headSize: given.headSize, dropout: given.dropout))
    }
  }

  func forward(_ given: Case, _ inputs: Inputs, _ context: KernelContext) -> [Float] {
    let out = Buffer(count: given.tokens * given.width)
    let scratch = Buffer(
      count: ScratchBytes.attentionForward(threads: context.threads, maxLength: given.maxLength) / 4)
    withShape(given) {
      context.attentionForward(
        $0, q: inputs.q, k: inputs.k, v: inputs.v, context: out.pointer, scratch: scratch.pointer)
    }
    _ = scratch.values  // checks its guards
    return out.values
  }

  /// (dq, dk, dv), those that are wanted.
  func backward(
    _ given: Case, _ inputs: Inputs, _ context: KernelContext, wanted: [Bool] = [true, true, true],
    readsValues: Bool = true
  ) -> [[Float]] {
    let gradients = (0..<3).map { _ in Buffer(count: given.tokens * given.width) }
    let scratch = Buffer(
      count: ScratchBytes.attentionBackward(threads: context.threads, maxLength: given.maxLength) / 4)
    withShape(given) {
      context.attentionBackward(
        $0, q: inputs.q, k: inputs.k, v: readsValues ? inputs.v : nil, dcontext: inputs.dcontext,
        dq: wanted[0] ? gradients[0].pointer : nil, dk: wanted[1] ? gradients[1].pointer : nil,
        dv: wanted[2] ? gradients[2].pointer : nil, scratch: scratch.pointer)
    }
    _ = scratch.values
    return gradients.map(\.values)
  }

  @Test("forward agrees with the definition, the same on any number of threads", arguments: cases)
  func forwardAgrees(given: Case) throws {
    let inputs = Inputs(given)
    let contexts = try contexts()
    let expected = given.reference(
      doubles(inputs.q), doubles(inputs.k), doubles(inputs.v), mask: given.mask(contexts[0]))
    let first = forward(given, inputs, contexts[0])
    expectClose(first, expected, relative: 1e-5, absolute: 3e-6, given.testDescription)
    for context in contexts { #expect(bits(forward(given, inputs, context)) == bits(first)) }
  }

  @Test(
    "queries that favour nothing average all keys of their sequence and no other, at every length up to 512")
  func everyLength() throws {
    let context = try KernelContext(threads: 2)
    var random = SeededGenerator(seed: 3)
    for length in 1...512 {
      let given = Case(lengths: [2, length, 1], heads: 1, headSize: 4, dropout: .none)
      var inputs = Inputs(given)
      inputs.q = [Float](repeating: 0, count: inputs.q.count)
      inputs.v = random.floats(inputs.v.count)
      inputs.dcontext = random.floats(inputs.v.count)
      func mean(_ values: [Float]) -> [Double] {
        (0..<4).map { column in
          let rows = stride(from: 8 + column, to: 8 + 4 * length, by: 4)
          return rows.reduce(0) { $0 + Double(values[$1]) } / Double(length)
        }
      }
      let out = forward(given, inputs, context)
      let gradient = backward(given, inputs, context)[2]
      for (values, source) in [(out, inputs.v), (gradient, inputs.dcontext)] {
        let expected = mean(source)
        expectClose(
          Array(values[8..<(8 + 4 * length)]), (0..<4 * length).map { expected[$0 % 4] }, relative: 1e-5,
          absolute: 1e-6, "length \(length)")
      }
    }
  }

  @Test("backward agrees with central differences of the forward", arguments: cases.filter { $0.tokens < 20 })
  func backwardAgrees(given: Case) throws {
    let inputs = Inputs(given)
    let contexts = try contexts()
    let mask = given.mask(contexts[0])
    let (q, k, v, d) = (doubles(inputs.q), doubles(inputs.k), doubles(inputs.v), doubles(inputs.dcontext))
    let expected = [
      centralDifferences(at: q) { dot(given.reference($0, k, v, mask: mask), d) },
      centralDifferences(at: k) { dot(given.reference(q, $0, v, mask: mask), d) },
      centralDifferences(at: v) { dot(given.reference(q, k, $0, mask: mask), d) },
    ]
    for context in contexts {
      for (actual, expected) in zip(backward(given, inputs, context), expected) {
        expectClose(actual, expected, relative: 1e-5, absolute: 1e-5, given.testDescription)
      }
    }
  }

  @Test("over several tiles, backward agrees with slopes along random directions", arguments: cases)
  func backwardAlongDirections(given: Case) throws {
    let inputs = Inputs(given)
    let contexts = try contexts()
    let mask = given.mask(contexts[0])
    let d = doubles(inputs.dcontext)
    let first = backward(given, inputs, contexts[0])
    for (which, gradient) in first.enumerated() {
      for seed in 0..<3 {
        var random = SeededGenerator(seed: UInt64(which * 10 + seed))
        let direction = random.floats(gradient.count)
        let values = [-1e-5, 1e-5].map { h in
          var x = [doubles(inputs.q), doubles(inputs.k), doubles(inputs.v)]
          x[which] = zip(x[which], direction).map { $0 + h * Double($1) }
          return dot(given.reference(x[0], x[1], x[2], mask: mask), d)
        }
        let slope = (values[1] - values[0]) / 2e-5
        let actual = dot(doubles(gradient), doubles(direction))
        #expect(abs(actual - slope) <= 1e-4 + 1e-5 * abs(slope), "input \(which), seed \(seed)")
      }
    }
    for context in contexts {
      let gradients = backward(given, inputs, context)
      for i in 0..<3 { #expect(bits(gradients[i]) == bits(first[i]), "\(context.threads) threads") }
    }
  }

  @Test("gradients that are not wanted are not written, and change nothing in the others", arguments: cases)
  func optionalGradients(given: Case) throws {
    let inputs = Inputs(given)
    let context = try KernelContext(threads: 2)
    let all = backward(given, inputs, context)
    for choice in 0..<8 {
      let wanted = (0..<3).map { choice >> $0 & 1 == 1 }
      let gradients = backward(
        given, inputs, context, wanted: wanted, readsValues: wanted[0] || wanted[1])
      for i in 0..<3 {
        if wanted[i] {
          #expect(bits(gradients[i]) == bits(all[i]), "gradient \(i) of choice \(choice)")
        } else {
          #expect(gradients[i].allSatisfy { $0.isNaN }, "gradient \(i) of choice \(choice)")
        }
      }
    }
  }

  @Test("probabilities of far-apart scores neither overflow nor vanish")
  func extremeScores() throws {
    let given = Case(lengths: [2], heads: 1, headSize: 1, dropout: .none)
    let context = try KernelContext(threads: 1)
    let out = Buffer(count: 2)
    let scratch = Buffer(count: ScratchBytes.attentionForward(threads: 1, maxLength: 2) / 4)
    withShape(given) {
      context.attentionForward(
        $0, q: [100, -100], k: [100, -100], v: [1, 2], context: out.pointer, scratch: scratch.pointer)
    }
    #expect(out.values == [1, 2])
  }

  @Test("scratch is one tile a thread, in whole cache lines")
  func scratchBytes() {
    #expect(ScratchBytes.attentionTileRows == 64)
    #expect(ScratchBytes.attentionForward(threads: 2, maxLength: 128) == 2 * 64 * 128 * 4)
    #expect(ScratchBytes.attentionForward(threads: 3, maxLength: 5) == 3 * 128)
    #expect(ScratchBytes.attentionForward(threads: 1, maxLength: 0) == 0)
    #expect(ScratchBytes.attentionBackward(threads: 2, maxLength: 512) == 4 * 64 * 512 * 4)
  }

  @Test("the first token of each sequence is gathered, and its gradient scattered among zeros")
  func firstTokens() throws {
    let offsets: [Int32] = [0, 3, 4, 9]
    for context in try contexts() {
      for width in [1, 7, 1000] {
        var random = SeededGenerator(seed: UInt64(width))
        let x = random.floats(9 * width)
        let out = Buffer(count: 3 * width)
        context.firstTokenForward(sequences: 3, offsets: offsets, width: width, x: x, out: out.pointer)
        let expected = [0, 3, 4].flatMap { x[$0 * width..<($0 + 1) * width] }
        #expect(out.values == expected)
        let dx = Buffer(count: 9 * width)
        context.firstTokenBackward(
          sequences: 3, offsets: offsets, width: width, dout: out.pointer, dx: dx.pointer)
        for token in 0..<9 {
          let row = Array(dx.values[token * width..<(token + 1) * width])
          let source = Array(x[token * width..<(token + 1) * width])
          #expect(row == ([0, 3, 4].contains(token) ? source : row.map { _ in 0 }), "token \(token)")
        }
      }
    }
  }
}
