import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Frozen weights")
struct CompressedMatrixTests {
  /// Memory of a matrix in some format, compressed row by row.
  struct Weights {
    let bytes: Bytes
    let matrix: CompressedMatrix

    init(_ format: WeightFormat, rows: Int, columns: Int, _ x: [Float]) {
      bytes = Bytes(count: format.bytes(rows: rows, columns: columns))
      for row in 0..<rows {
        let values = Array(x[row * columns..<(row + 1) * columns])
        format.compress(rows: row..<row + 1, of: rows, columns: columns, x: values, into: bytes.pointer)
      }
      _ = bytes.values
      matrix = CompressedMatrix(format, rows: rows, columns: columns, bytes: bytes.pointer)
    }

    var expanded: [Float] {
      let out = Buffer(count: matrix.rows * matrix.columns)
      matrix.expand(into: out.pointer)
      return out.values
    }
  }

  @Test("a matrix takes 4, 2, 2 or 1 bytes an element, and int8 a float for each 64 elements of a row")
  func sizes() {
    #expect(WeightFormat.allCases.map { $0.bytes(rows: 3, columns: 130) } == [1560, 780, 780, 448 + 36])
    #expect(
      WeightFormat.allCases.map { $0.bytes(rows: 384, columns: 64) } == [98304, 49152, 49152, 24576 + 1536])
    #expect(WeightFormat.allCases.map { $0.bytes(rows: 0, columns: 7) } == [0, 0, 0, 0])
  }

  @Test("16-bit formats round as PyTorch, bit for bit")
  func sixteenBit() throws {
    let reference = try Reference.load().sixteenBit
    let x = reference.bits.map(Float.init(bitPattern:))
    for (format, expected) in [(WeightFormat.bfloat16, reference.bfloat16), (.float16, reference.float16)] {
      let bytes = Bytes(count: format.bytes(rows: 1, columns: x.count))
      format.compress(rows: 0..<1, of: 1, columns: x.count, x: x, into: bytes.pointer)
      let halves = bytes.pointer.assumingMemoryBound(to: UInt16.self)
      for i in x.indices where halves[i] != expected[i] {
        Issue.record("\(format) of \(x[i]) is \(halves[i]), not \(expected[i])")
      }
    }
  }

  @Test(
    "each of the 65536 patterns of 16 bits expands to its value and rounds to itself",
    arguments: [WeightFormat.bfloat16, .float16])
  func everyPattern(format: WeightFormat) {
    let bytes = Bytes(count: format.bytes(rows: 256, columns: 256))
    let halves = bytes.pointer.assumingMemoryBound(to: UInt16.self)
    for i in 0..<65536 { halves[i] = UInt16(i) }
    let out = Buffer(count: 65536)
    CompressedMatrix(format, rows: 256, columns: 256, bytes: bytes.pointer).expand(into: out.pointer)
    for (i, x) in out.values.enumerated() {
      let expected = format == .bfloat16 ? Float(bitPattern: UInt32(i) << 16) : Self.float16(UInt16(i))
      if x.isNaN && expected.isNaN { continue }
      if x.bitPattern != expected.bitPattern { Issue.record("\(format) \(i) is \(x), not \(expected)") }
    }
    let again = Weights(format, rows: 256, columns: 256, out.values)
    for (i, (x, expected)) in zip(again.expanded, out.values).enumerated()
    where x.bitPattern != expected.bitPattern && !(x.isNaN && expected.isNaN) {
      Issue.record("\(format) \(i) was rounded to \(x)")
    }
  }

  /// IEEE 754 binary16 by its definition.
  static func float16(_ x: UInt16) -> Float {
    let (exponent, fraction) = (Int(x >> 10 & 31), Double(x & 1023))
    let magnitude: Double =
      exponent == 31
      ? (fraction == 0 ? .infinity : .nan)
      : exponent == 0 ? fraction * 0x1p-24 : (1024 + fraction) * pow(2, Double(exponent - 25))
    return Float(x >> 15 == 1 ? -magnitude : magnitude)
  }

  @Test("int8 codes and scales are those of their definition")
  func int8() throws {
    let reference = try Reference.load().int8
    let weights = Weights(.int8, rows: reference.rows, columns: reference.columns, reference.x)
    let codes = weights.bytes.values.prefix(reference.codes.count).map { Int8(bitPattern: $0) }
    #expect(codes == reference.codes)
    let scales = (weights.bytes.pointer + 448).assumingMemoryBound(to: Float.self)
    #expect((0..<9).map { scales[$0] } == reference.scales)
    let expected = reference.codes.enumerated().map { at, code in
      let (row, column) = at.quotientAndRemainder(dividingBy: reference.columns)
      return Float(code) * reference.scales[row * 3 + column / 64]
    }
    #expect(weights.expanded == expected)
  }

  @Test("int8 is within half a step for any finite value, at all sizes of the last block")
  func int8Error() {
    for columns in [1, 2, 63, 64, 65, 127, 128, 129, 200] {
      var random = SeededGenerator(seed: UInt64(columns))
      for magnitude: Float in [1, 1e-38, 1e30, 0] {
        var x = random.floats(3 * columns).map { $0 * magnitude }
        x[0] = -magnitude
        let expanded = Weights(.int8, rows: 3, columns: columns, x).expanded
        for row in 0..<3 {
          for start in stride(from: 0, to: columns, by: 64) {
            let block = (row * columns + start)..<(row * columns + min(start + 64, columns))
            let greatest = x[block].map { abs($0) }.max() ?? 0
            let bound = greatest / 127 * 0.5001 + 100 * .leastNonzeroMagnitude
            for i in block where !(abs(x[i] - expanded[i]) <= bound) {
              Issue.record("\(x[i]) became \(expanded[i])")
            }
          }
        }
      }
    }
    let least = Float.leastNonzeroMagnitude
    #expect(
      Weights(.int8, rows: 1, columns: 3, [least, -100 * least, 0]).expanded.allSatisfy {
        abs($0) <= 127 * least
      })
  }

  @Test("rows of a matrix are the matrix's rows")
  func rows() {
    var random = SeededGenerator(seed: 2)
    for format in WeightFormat.allCases {
      let weights = Weights(format, rows: 9, columns: 67, random.floats(9 * 67))
      let slice = weights.matrix.rows(2..<7).rows(1..<4)
      #expect((slice.rows, slice.columns) == (3, 67))
      let out = Buffer(count: 3 * 67)
      slice.expand(into: out.pointer)
      #expect(out.values == Array(weights.expanded[3 * 67..<6 * 67]), "\(format)")
    }
  }

  @Test(
    "a product with compressed weights is the product with their values, at every size and storage order",
    arguments: WeightFormat.allCases)
  func products(format: WeightFormat) throws {
    let sizes = [
      (1, 1, 1), (3, 5, 7), (17, 16, 64), (7, 33, 65), (40, 70, 257), (600, 130, 70), (64, 300, 513), (5, 3, 0),
      (0, 4, 4), (4, 0, 4), (1030, 17, 300), (9, 200, 1000),
    ]
    for (m, n, k) in sizes {
      for order in 0..<4 {
        let (transposeA, transposeB) = (order & 1 != 0, order & 2 != 0)
        var random = SeededGenerator(seed: UInt64(m + n + k + order))
        let weights = Weights(
          format, rows: transposeB ? n : k, columns: transposeB ? k : n, random.floats(n * k))
        let lda = (transposeA ? m : k) + 3
        let a = random.floats((transposeA ? k : m) * lda)
        let bias = random.floats(n)
        let old = random.floats(m * (n + 2))
        let (b, ldb) = (weights.expanded, weights.matrix.columns)
        let beta: Float = [0, 1, -0.5, 0][order]
        let added = order == 1 ? nil : bias
        for context in try contexts() {
          let (c, expected) = (Buffer(old), Buffer(old))
          context.gemm(
            transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: 0.5, a: a, lda: lda,
            b: weights.matrix, beta: beta, c: c.pointer, ldc: n + 2, bias: added)
          context.gemm(
            transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: 0.5, a: a, lda: lda, b: b,
            ldb: ldb, beta: beta, c: expected.pointer, ldc: n + 2, bias: added)
          expectClose(
            c.values, doubles(expected.values), absolute: 1e-6 + 2e-7 * Double(k),
            "\(format) \(m)×\(n)×\(k), order \(order), \(context.threads) threads")
        }
      }
    }
  }

  @Test("a product with some of the rows reads those rows, and old values only where beta is not 0")
  func productOfRows() throws {
    var random = SeededGenerator(seed: 3)
    let (m, n, k) = (20, 40, 70)
    let a = random.floats(m * k)
    for format in WeightFormat.allCases {
      let weights = Weights(format, rows: 100, columns: k, random.floats(100 * k))
      let b = Array(weights.expanded[30 * k..<70 * k])
      for context in try contexts() {
        let (c, expected) = (Buffer(count: m * n), Buffer(count: m * n))
        context.gemm(
          transposeB: true, m: m, n: n, k: k, a: a, lda: k, b: weights.matrix.rows(30..<70), c: c.pointer,
          ldc: n)
        context.gemm(
          transposeB: true, m: m, n: n, k: k, a: a, lda: k, b: b, ldb: k, c: expected.pointer, ldc: n)
        expectClose(c.values, doubles(expected.values), absolute: 1e-5, "\(format)")
      }
    }
  }

  @Test("a lookup in compressed tables is the lookup of their values, each table in its own format")
  func lookup() throws {
    var random = SeededGenerator(seed: 4)
    let (tokens, width) = (50, 70)
    let (ids, positions, types) = (
      random.ids(tokens, below: 30), random.ids(tokens, below: 9), random.ids(tokens, below: 2)
    )
    let values = [30, 9, 2].map { random.floats($0 * width) }
    for first in 0..<4 {
      let formats = (0..<3).map { WeightFormat.allCases[(first + $0) % 4] }
      let tables = zip(formats, [30, 9, 2]).enumerated().map { at, table in
        Weights(table.0, rows: table.1, columns: width, values[at])
      }
      let expanded = tables.map(\.expanded)
      for context in try contexts() {
        for present in 0..<4 {
          let (hasPosition, hasType) = (present & 1 != 0, present & 2 != 0)
          let (out, expected) = (Buffer(count: tokens * width), Buffer(count: tokens * width))
          context.embeddingForward(
            tokens: tokens, word: tables[0].matrix, ids: ids, position: hasPosition ? tables[1].matrix : nil,
            positions: positions, type: hasType ? tables[2].matrix : nil, types: types, out: out.pointer)
          context.embeddingForward(
            tokens: tokens, width: width, word: expanded[0], ids: ids,
            position: hasPosition ? expanded[1] : nil,
            positions: positions, type: hasType ? expanded[2] : nil, types: types, out: expected.pointer)
          // A scale's product and the sum may be one rounding or two.
          expectClose(out.values, doubles(expected.values), relative: 2e-7, absolute: 2e-7, "\(formats)")
        }
      }
    }
  }
}
