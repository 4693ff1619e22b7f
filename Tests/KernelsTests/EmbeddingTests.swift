import Kernels
import TestSupport
import Testing

@Suite("Embeddings")
struct EmbeddingTests {
  // tokens, rows, width
  static let shapes = [(0, 3, 5), (1, 1, 1), (7, 3, 17), (33, 100, 7), (100, 17, 33), (300, 2, 100)]

  @Test("the forward sums the rows that tokens name, and tables that are absent add nothing", arguments: shapes)
  func forward(tokens: Int, rows: Int, width: Int) throws {
    var random = SeededGenerator(seed: UInt64(tokens + rows))
    let word = random.floats(rows * width)
    let position = random.floats(9 * width)
    let type = random.floats(2 * width)
    let (ids, positions, types) = (
      random.ids(tokens, below: rows), random.ids(tokens, below: 9), random.ids(tokens, below: 2)
    )
    for context in try contexts() {
      for (hasPosition, hasType) in [(true, true), (true, false), (false, false)] {
        let out = Buffer(count: tokens * width)
        context.embeddingForward(
          tokens: tokens, width: width, word: word, ids: ids, position: hasPosition ? position : nil,
          positions: hasPosition ? positions : nil, type: hasType ? type : nil, types: hasType ? types : nil,
          out: out.pointer)
        func entry(_ table: [Float], _ row: Int32, _ column: Int) -> Double {
          Double(table[Int(row) * width + column])
        }
        var expected: [Double] = []
        for t in 0..<tokens {
          for i in 0..<width {
            var sum = entry(word, ids[t], i)
            if hasPosition { sum += entry(position, positions[t], i) }
            if hasType { sum += entry(type, types[t], i) }
            expected.append(sum)
          }
        }
        expectClose(out.values, expected, "\(tokens) tokens, width \(width)")
      }
    }
  }

  func index(_ ids: [Int32], rows: Int) throws -> (heads: [Int32], order: [Int32]) {
    var heads = [Int32](repeating: -1, count: rows + 1)
    var order = [Int32](repeating: -1, count: ids.count)
    try KernelContext(threads: 1)
      .embeddingIndex(tokens: ids.count, rows: rows, ids: ids, heads: &heads, order: &order)
    return (heads, order)
  }

  @Test("the index lists the tokens of each id in order of position", arguments: shapes)
  func groups(tokens: Int, rows: Int, width: Int) throws {
    var random = SeededGenerator(seed: UInt64(tokens))
    let ids = random.ids(tokens, below: rows)
    let (heads, order) = try index(ids, rows: rows)
    #expect(heads.first == 0)
    #expect(heads.last == Int32(tokens))
    for row in 0..<rows {
      let expected = ids.indices.filter { ids[$0] == Int32(row) }.map(Int32.init)
      #expect(Array(order[Int(heads[row])..<Int(heads[row + 1])]) == expected, "row \(row)")
    }
  }

  @Test("the dense gradient agrees with the definition, and adds to what is there", arguments: shapes)
  func denseGradient(tokens: Int, rows: Int, width: Int) throws {
    var random = SeededGenerator(seed: UInt64(tokens))
    let ids = random.ids(tokens, below: rows)
    let dx = random.floats(tokens * width)
    let old = random.floats(rows * width)
    let (heads, order) = try index(ids, rows: rows)
    for scale: Float in [0, 1] {
      var expected = old.map { scale == 0 ? 0 : Double($0) }
      for (t, id) in ids.enumerated() {
        for i in 0..<width { expected[Int(id) * width + i] += Double(dx[t * width + i]) }
      }
      for context in try contexts() {
        let table = Buffer(scale == 0 ? old.map { _ in .nan } : old)
        context.embeddingBackward(
          rows: rows, width: width, dx: dx, heads: heads, order: order, scale: scale, dtable: table.pointer)
        expectClose(table.values, expected, absolute: 2e-5, "\(tokens) tokens, \(rows) rows")
      }
    }
  }

  @Test(
    "the sparse update equals the dense update bit for bit, and its formula in double precision",
    arguments: shapes)
  func update(tokens: Int, rows: Int, width: Int) throws {
    let count = rows * width
    for kind in UpdateTests.rules(step: 1).indices {
      for context in try contexts() {
        var random = SeededGenerator(seed: UInt64(tokens * 7 + kind))
        let start = random.floats(count)
        var reference = UpdateReference(start)
        let sparse = (0..<3).map { Buffer($0 == 0 ? start : [Float](repeating: 0, count: count)) }
        let dense = (0..<3).map { Buffer($0 == 0 ? start : [Float](repeating: 0, count: count)) }
        let bytes = ScratchBytes.updateEmbedding(threads: context.threads, width: width)
        #expect(bytes == 4 * width * context.threads)
        let scratch = Buffer(count: bytes / 4)
        for step in 1...4 {
          let rule = UpdateTests.rules(step: step)[kind]
          let ids = random.ids(tokens, below: rows)
          let dx = random.floats(tokens * width)
          let (heads, order) = try index(ids, rows: rows)
          context.updateEmbedding(
            rule, rows: rows, width: width, dx: dx, heads: heads, order: order, table: sparse[0].pointer,
            state1: sparse[1].pointer, state2: sparse[2].pointer, scratch: scratch.pointer, gradientScale: 0.7)
          let gradient = Buffer(count: count)
          context.embeddingBackward(
            rows: rows, width: width, dx: dx, heads: heads, order: order, dtable: gradient.pointer)
          context.update(
            rule, count: count, parameters: dense[0].pointer, gradients: gradient.pointer,
            state1: dense[1].pointer,
            state2: dense[2].pointer, gradientScale: 0.7)
          reference.step(rule, gradient.values.map { 0.7 * Double($0) })
        }
        _ = scratch.values  // checks its guards
        for i in 0..<3 { #expect(bits(sparse[i].values) == bits(dense[i].values), "buffer \(i), rule \(kind)") }
        expectClose(
          sparse[0].values, reference.p, absolute: 3e-5, "\(tokens) tokens, \(rows) rows, rule \(kind)")
      }
    }
  }
}
