import Foundation
import Kernels
import TestSupport
import Testing

/// op(A) = x sᵀ and op(B) = s yᵀ, with s of ±1 and x, y small whole numbers, so that op(A) op(B) = k x yᵀ without
/// rounding in any order of summation: every element of C can be checked, and a step of depth that meets another one,
/// a wrong row or a wrong column changes it.
private struct ExactProduct {
  let transposeA, transposeB: Bool
  let m, n, k: Int
  let x, y, bias: [Float]
  let a, b: Buffer
  let padding: Int

  /// Rows are padded by `padding` elements of NaN, which must not be read.
  init(order: Int, _ m: Int, _ n: Int, _ k: Int, padding: Int, random: inout SeededGenerator) {
    (transposeA, transposeB) = (order & 1 != 0, order & 2 != 0)
    (self.m, self.n, self.k, self.padding) = (m, n, k, padding)
    func whole(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float(Int.random(in: -12...12, using: &random)) }
    }
    (x, y, bias) = (whole(m), whole(n), whole(n))
    let s = (0..<k).map { _ in Bool.random(using: &random) ? Float(1) : -1 }
    func matrix(_ rows: [Float], _ columns: [Float]) -> Buffer {
      let buffer = Buffer(count: rows.count * (columns.count + padding))
      for (i, row) in rows.enumerated() {
        let start = buffer.pointer + i * (columns.count + padding)
        for j in columns.indices { start[j] = row * columns[j] }
      }
      return buffer
    }
    a = transposeA ? matrix(s, x) : matrix(x, s)
    b = transposeB ? matrix(y, s) : matrix(s, y)
  }

  /// Runs C = alpha op(A) op(B) + beta C + bias, from C of 3s or, with beta 0, of NaN, and describes the first wrong
  /// element.
  func mistake(_ context: KernelContext, alpha: Float, beta: Float, bias: Bool) -> String? {
    let ldc = n + padding
    let c = Buffer(count: m * ldc, of: beta == 0 ? .nan : 3)
    for i in 0..<m {
      for j in n..<ldc { c.pointer[i * ldc + j] = -7 }
    }
    context.gemm(
      transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: alpha, a: a.pointer,
      lda: (transposeA ? m : k) + padding, b: b.pointer, ldb: (transposeB ? k : n) + padding, beta: beta,
      c: c.pointer, ldc: ldc, bias: bias ? self.bias : nil)
    let values = c.values
    let depth = alpha * Float(k)
    for i in 0..<m {
      for j in 0..<ldc {
        let value = values[i * ldc + j]
        let start = (beta == 0 ? 0 : 3 * beta) + (bias && j < n ? self.bias[j] : 0)
        let expected = j < n ? depth * x[i] * y[j] + start : -7
        if value != expected {
          return
            "\(transposeA ? "T" : "N")\(transposeB ? "T" : "N") \(m)×\(n)×\(k), \(context.threads) threads, "
            + "alpha \(alpha), beta \(beta), bias \(bias): element (\(i), \(j)) is \(value), not \(expected)"
        }
      }
    }
    return nil
  }

  /// The first mistake over all kinds of update of C.
  func mistake(_ context: KernelContext) -> String? {
    mistake(context, alpha: 1, beta: 0, bias: false) ?? mistake(context, alpha: 1, beta: 1, bias: false)
      ?? mistake(context, alpha: 0.5, beta: -2, bias: true) ?? mistake(context, alpha: -1, beta: 0, bias: true)
  }
}

/// Products around the extents of the packed kernel's blocks (rows x columns x depth of 48 x 384 x 768 in one depth,
/// 96 x 768 x 384 in several) and tiles.
private let blockEdges = [
  (47, 385, 767), (49, 384, 768), (95, 769, 769), (97, 767, 1153), (143, 767, 383), (144, 768, 384),
  (145, 769, 385), (289, 1537, 769), (13, 2305, 400), (500, 97, 1153),
  (2, 1000, 2000),
]

private func checkBlockEdges(_ contexts: [KernelContext], _ m: Int, _ n: Int, _ k: Int) {
  for order in 0..<4 {
    var random = SeededGenerator(seed: UInt64(m + n + k + order))
    let product = ExactProduct(order: order, m, n, k, padding: 3 * (order % 2), random: &random)
    for context in contexts { #expect(product.mistake(context) == nil) }
  }
}

@Suite("Large matrix products")
struct PackedGemmTests {
  @Test("every height of a tile and every kind of last strip is exact on whole numbers", arguments: 1...25)
  func tiles(m: Int) throws {
    let context = try KernelContext(threads: 1)
    var random = SeededGenerator(seed: UInt64(m))
    for (index, n) in [65, 79, 80, 81, 95, 96, 97, 111, 113, 128].enumerated() {
      let k = (1 << 20) / (m * n) + 1 + index  // just large enough to be packed
      let product = ExactProduct(order: (m + index) % 4, m, n, k, padding: index % 3, random: &random)
      #expect(product.mistake(context) == nil)
    }
  }

  @Test("products around the blocks' extents are exact on whole numbers", arguments: blockEdges)
  func blocks(m: Int, n: Int, k: Int) throws { checkBlockEdges(try contexts(), m, n, k) }

  @Test("the BLAS, asked for by name, gives the same whole numbers")
  func fallback() async {
    await #expect(processExitsWith: .success) {
      setenv("PERMAFROST_GEMM", "openblas", 1)
      let contexts = try contexts()
      for context in contexts { try context.warmUp() }
      for (m, n, k) in blockEdges { checkBlockEdges(contexts, m, n, k) }
    }
  }

  @Test("callers on several threads do not share packing memory", arguments: [1, 2])
  func concurrentCallers(threads: Int) async throws {
    let context = try KernelContext(threads: threads)
    let mistakes = await withTaskGroup(of: String?.self) { group in
      for caller in 0..<4 {
        group.addTask {
          var random = SeededGenerator(seed: UInt64(caller))
          let product = ExactProduct(order: caller, 130, 200, 100 + caller, padding: 0, random: &random)
          return (0..<10).lazy.compactMap { _ in product.mistake(context) }.first
        }
      }
      return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
    }
    #expect(mistakes == [])
  }
}
