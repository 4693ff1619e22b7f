import Kernels
import TestSupport
import Testing

@Suite("Matrix products")
struct GemmTests {
  /// One product with its operands; rows are padded by `padding` elements of NaN that must not be read.
  struct Product {
    let transposeA, transposeB: Bool
    let m, n, k: Int
    let alpha, beta: Float
    let bias: [Float]?
    let a, b, c: [Float]
    let lda, ldb, ldc: Int

    init(
      _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, alpha: Float = 1, beta: Float = 0,
      bias: Bool = false, padding: Int = 0, random: inout SeededGenerator
    ) {
      (self.transposeA, self.transposeB, self.m, self.n, self.k) = (transposeA, transposeB, m, n, k)
      (self.alpha, self.beta) = (alpha, beta)
      self.bias = bias ? random.floats(n) : nil
      func matrix(_ rows: Int, _ columns: Int, _ random: inout SeededGenerator) -> [Float] {
        (0..<rows).flatMap { _ in random.floats(columns) + [Float](repeating: .nan, count: padding) }
      }
      a = transposeA ? matrix(k, m, &random) : matrix(m, k, &random)
      b = transposeB ? matrix(n, k, &random) : matrix(k, n, &random)
      let c = matrix(m, n, &random)
      self.c = beta == 0 ? c.map { _ in .nan } : c
      lda = (transposeA ? m : k) + padding
      ldb = (transposeB ? k : n) + padding
      ldc = n + padding
    }

    func run(_ context: KernelContext) -> [Float] {
      let out = Buffer(c)
      context.gemm(
        transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: alpha, a: a, lda: lda, b: b,
        ldb: ldb, beta: beta, c: out.pointer, ldc: ldc, bias: bias)
      return out.values
    }

    func reference(_ i: Int, _ j: Int) -> Double {
      var sum = 0.0
      for p in 0..<k {
        sum +=
          Double(transposeA ? a[p * lda + i] : a[i * lda + p])
          * Double(transposeB ? b[j * ldb + p] : b[p * ldb + j])
      }
      let old = beta == 0 ? 0 : Double(beta) * Double(c[i * ldc + j])
      return Double(alpha) * sum + old + Double(bias?[j] ?? 0)
    }

    var label: String { "\(transposeA ? "T" : "N")\(transposeB ? "T" : "N") \(m)×\(n)×\(k)" }
  }

  @Test("every combination of small sizes and storage orders agrees with the definition")
  func smallSizes() throws {
    let contexts = try contexts()
    let sizes = [1, 3, 7, 17, 33]
    var random = SeededGenerator(seed: 1)
    for order in 0..<4 {
      for m in sizes {
        for n in sizes {
          for k in sizes {
            let product = Product(
              order & 1 != 0, order & 2 != 0, m, n, k, alpha: 0.75, beta: k == 7 ? 0 : -0.5, bias: m != 3,
              padding: n % 4, random: &random)
            let expected = (0..<m).map { i in (0..<n).map { j in product.reference(i, j) } }
            for context in contexts {
              let c = product.run(context)
              for i in 0..<m {
                expectClose(
                  Array(c[i * product.ldc..<i * product.ldc + n]), expected[i], absolute: 1e-5, product.label)
              }
            }
          }
        }
      }
    }
  }

  // Shares along rows and columns, several panels of 512 rows, our own kernel and the BLAS, one strip of depth and two.
  @Test(
    "larger products agree with the definition",
    arguments: [
      (600, 130, 70), (1100, 100, 33), (3, 1000, 700), (100, 100, 100), (100, 101, 104), (17, 64, 300),
      (1, 1, 5000),
      (2048, 2, 768), (16, 770, 129), (1025, 17, 257),
    ])
  func largerSizes(m: Int, n: Int, k: Int) throws {
    let contexts = try contexts()
    for order in 0..<4 {
      var random = SeededGenerator(seed: UInt64(m * n + k + order))
      let product = Product(
        order & 1 != 0, order & 2 != 0, m, n, k, beta: order == 1 ? 1 : 0, bias: order > 1, padding: 5,
        random: &random)
      let samples = (0..<200).map { _ in
        (Int.random(in: 0..<m, using: &random), Int.random(in: 0..<n, using: &random))
      }
      let corners = [(0, 0), (m - 1, n - 1), (m - 1, 0), (0, n - 1)]
      for context in contexts {
        let c = product.run(context)
        let places = samples + corners
        expectClose(
          places.map { c[$0.0 * product.ldc + $0.1] }, places.map { product.reference($0.0, $0.1) },
          absolute: 3e-7 * Double(k), "\(product.label), \(context.threads) threads")
        let written = (0..<m).flatMap { c[$0 * product.ldc..<$0 * product.ldc + n] }
        #expect(written.allSatisfy { $0.isFinite }, "\(product.label): an element was not written")
        #expect(bits(product.run(context)) == bits(c), "\(product.label): a second run gave other bits")
      }
    }
  }

  @Test("a product over no depth scales C and adds the bias")
  func zeroDepth() throws {
    for context in try contexts() {
      let c = Buffer([1, 2, 3, 4, 5, 6])
      context.gemm(
        m: 2, n: 3, k: 0, a: [], lda: 1, b: [], ldb: 3, beta: 2, c: c.pointer, ldc: 3, bias: [10, 20, 30])
      #expect(c.values == [12, 24, 36, 18, 30, 42])
      context.gemm(m: 2, n: 3, k: 0, a: [], lda: 1, b: [], ldb: 3, c: c.pointer, ldc: 3)
      #expect(c.values == [0, 0, 0, 0, 0, 0])
    }
  }

  @Test("a product of no rows or no columns touches nothing")
  func emptyResult() throws {
    for context in try contexts() {
      let c = Buffer([])
      context.gemm(
        m: 0, n: 5, k: 3, a: [], lda: 3, b: [Float](repeating: 1, count: 15), ldb: 5, c: c.pointer, ldc: 5)
      context.gemm(
        m: 4, n: 0, k: 3, a: [Float](repeating: 1, count: 12), lda: 3, b: [], ldb: 1, c: c.pointer, ldc: 1)
      #expect(c.values.isEmpty)
    }
  }

  @Test("column sums agree with the definition, and do not depend on the thread count")
  func columnSums() throws {
    let contexts = try contexts()
    for (rows, columns) in [(0, 5), (1, 1), (3, 7), (64, 64), (65, 130), (1000, 33), (2, 9000)] {
      var random = SeededGenerator(seed: UInt64(rows * 31 + columns))
      let x = random.floats(rows * columns)
      let old = random.floats(columns)
      for beta: Float in [0, 1, -0.5] {
        let expected = (0..<columns).map { column in
          (0..<rows).reduce(beta == 0 ? 0 : Double(beta) * Double(old[column])) {
            $0 + Double(x[$1 * columns + column])
          }
        }
        let results = contexts.map { context in
          let out = Buffer(beta == 0 ? old.map { _ in .nan } : old)
          context.columnSum(rows: rows, columns: columns, x: x, beta: beta, out: out.pointer)
          return out.values
        }
        expectClose(results[0], expected, absolute: 1e-5, "\(rows)×\(columns), beta \(beta)")
        for result in results { #expect(bits(result) == bits(results[0])) }
      }
    }
  }
}
