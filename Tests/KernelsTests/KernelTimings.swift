import Foundation
import Kernels
import TestSupport
import Testing

/// Not a test: with PERMAFROST_TIMINGS set to a thread count, prints the best time of each kernel.
@Suite("Timings", .enabled(if: timedThreads != nil), .serialized)
struct KernelTimings {
  /// The best of 40 runs in seconds: of the thread's processor time when it works alone, which other load on the
  /// machine disturbs least, and of real time when several share the work.
  func best(_ body: () -> Void) -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(timedThreads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time)
      return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }
    return (0..<40).reduce(.infinity) { best, _ in
      let start = now()
      body()
      return min(best, now() - start)
    }
  }

  func report(_ name: String, seconds: Double, bytes: Int) {
    let figures = String(format: "%7.2f ms %6.1f GB/s", seconds * 1e3, Double(bytes) / seconds * 1e-9)
    print(name.padding(toLength: 34, withPad: " ", startingAt: 0), figures)
  }

  @Test("elementwise and row kernels", arguments: [(2048, 3072), (2048, 768)])
  func rows(rows: Int, width: Int) throws {
    let context = try KernelContext(threads: timedThreads ?? 1)
    let count = rows * width
    var random = SeededGenerator(seed: 1)
    let block = random.floats(count)
    let (a, b, c, d) = (Buffer(block), Buffer(block), Buffer(block), Buffer(count: count, of: 0.5))
    let (gamma, beta, rstd) = (random.floats(width), random.floats(width), Buffer(count: rows, of: 1))
    let size = "\(rows) × \(width)"
    func time(_ name: String, tensors: Int, _ body: () -> Void) {
      report("\(name) \(size)", seconds: best(body), bytes: 4 * count * tensors)
    }
    for kind in Activation.allCases {
      time("\(kind)", tensors: 2) { context.activationForward(kind, count: count, x: a.pointer, y: b.pointer) }
      time("\(kind) backward", tensors: 3) {
        context.activationBackward(kind, count: count, saved: a.pointer, dy: c.pointer, dx: b.pointer)
      }
    }
    let dropout = Dropout(key: 1, probability: 0.1)
    time("dropout", tensors: 2) { context.applyDropout(dropout, count: count, x: a.pointer, y: b.pointer) }
    time("add, dropout, norm", tensors: 4) {
      context.addNormForward(
        rows: rows, width: width, residual: a.pointer, branch: b.pointer, dropout: dropout, gamma: gamma,
        beta: beta,
        epsilon: 1e-12, y: c.pointer, xhat: b.pointer, rstd: rstd.pointer)
    }
    time("norm backward", tensors: 3) {
      context.normBackward(
        rows: rows, width: width, dy: c.pointer, xhat: a.pointer, rstd: rstd.pointer, gamma: gamma,
        dz: c.pointer)
    }
    let sums = Buffer(gamma)
    time("norm parameter gradients", tensors: 3) {
      context.normParameterGradients(
        rows: rows, width: width, dy: a.pointer, xhat: b.pointer, dgamma: sums.pointer, dbeta: sums.pointer)
    }
    time("column sum", tensors: 1) {
      context.columnSum(rows: rows, columns: width, x: a.pointer, out: sums.pointer)
    }
    time("AdamW", tensors: 7) {
      context.update(
        .adamW(learningRate: 1e-5, step: 10), count: count, parameters: a.pointer, gradients: b.pointer,
        state1: c.pointer, state2: d.pointer)
    }
  }

  @Test("attention of 2048 tokens, 12 heads of 64", arguments: [128, 512])
  func attention(length: Int) throws {
    let context = try KernelContext(threads: timedThreads ?? 1)
    try context.warmUp()
    let count = 2048 * 768
    let (q, k, v, out, dq, dk, dv) = (
      Buffer(count: count, of: 0.1), Buffer(count: count, of: 0.1), Buffer(count: count, of: 1),
      Buffer(count: count), Buffer(count: count), Buffer(count: count), Buffer(count: count)
    )
    let bytes = ScratchBytes.attentionBackward(threads: context.threads, maxLength: length)
    let scratch = Buffer(count: bytes / 4)
    let offsets = stride(from: 0, through: 2048, by: length).map(Int32.init)
    for dropout in [Dropout.none, Dropout(key: 1, probability: 0.1)] {
      offsets.withUnsafeBufferPointer { offsets in
        guard let start = offsets.baseAddress else { return }
        let shape = AttentionShape(
          sequences: 2048 / length, offsets: start, maxLength: length, heads: 12, headSize: 64, dropout: dropout
        )
        let forward = best {
          context.attentionForward(
            shape, q: q.pointer, k: k.pointer, v: v.pointer, context: out.pointer, scratch: scratch.pointer)
        }
        let backward = best {
          context.attentionBackward(
            shape, q: q.pointer, k: k.pointer, v: v.pointer, dcontext: out.pointer, dq: dq.pointer,
            dk: dk.pointer,
            dv: dv.pointer, scratch: scratch.pointer)
        }
        let figures = String(format: "%.2f ms forward, %.2f ms backward", forward * 1e3, backward * 1e3)
        print("attention, length \(length), dropout \(dropout.probability): \(figures)")
      }
    }
  }

  @Test("matrix products")
  func products() throws {
    let context = try KernelContext(threads: timedThreads ?? 1)
    try context.warmUp()
    let largest = 3072 * 2048
    let (a, b, c) = (
      Buffer(count: largest, of: 0.1), Buffer(count: largest, of: 0.1), Buffer(count: largest, of: 0.1)
    )
    let shapes: [(Bool, Bool, Int, Int, Int)] = [
      (false, true, 2048, 768, 768), (false, true, 2048, 3072, 768), (false, true, 2048, 768, 3072),
      (false, false, 2048, 768, 3072), (true, false, 3072, 768, 2048), (false, true, 2048, 384, 384),
      (false, true, 2048, 1536, 384), (false, true, 128, 128, 64), (false, true, 512, 512, 64),
    ]
    for (transposeA, transposeB, m, n, k) in shapes {
      let seconds = best {
        context.gemm(
          transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, a: a.pointer,
          lda: transposeA ? m : k,
          b: b.pointer, ldb: transposeB ? k : n, c: c.pointer, ldc: n)
      }
      let rate = String(format: "%6.1f GFLOP/s", 2e-9 * Double(m * n * k) / seconds)
      print("\(transposeA ? "T" : "N")\(transposeB ? "T" : "N") \(m) \(n) \(k): \(rate)")
    }
  }

  @Test("products with frozen weights")
  func frozenProducts() throws {
    let context = try KernelContext(threads: timedThreads ?? 1)
    try context.warmUp()
    let shapes = [
      (512, 384, 384), (512, 1536, 384), (512, 384, 1536), (512, 768, 3072), (2048, 384, 384),
      (32, 384, 384), (32, 1536, 384), (32, 384, 1536),
    ]
    for (m, n, k) in shapes {
      let (a, c) = (Buffer(count: m * k, of: 0.1), Buffer(count: m * n))
      let weights = WeightFormat.allCases.map { format in
        let bytes = Bytes(count: format.bytes(rows: n, columns: k))
        format.compress(
          rows: 0..<n, of: n, columns: k, x: [Float](repeating: 0.1, count: n * k), into: bytes.pointer)
        return (bytes, CompressedMatrix(format, rows: n, columns: k, bytes: bytes.pointer))
      }
      var seconds = weights.map { _ in Double.infinity }
      for _ in 0..<3 {  // interleaved, so that other load on the machine meets every format
        for (index, (_, matrix)) in weights.enumerated() {
          let time = best {
            context.gemm(
              transposeB: true, m: m, n: n, k: k, a: a.pointer, lda: k, b: matrix, c: c.pointer, ldc: n)
          }
          seconds[index] = min(seconds[index], time)
        }
      }
      let rates = seconds.map { String(format: "%6.1f", 2e-9 * Double(m * n * k) / $0) }
      print("NT \(m) \(n) \(k), float32, bfloat16, float16, int8: \(rates.joined(separator: " ")) GFLOP/s")
    }
  }

  @Test("updates of a matrix and of a table of 30522 rows", arguments: [(384, 1536), (30522, 384)])
  func updates(rows: Int, width: Int) throws {
    let context = try KernelContext(threads: timedThreads ?? 1)
    let (count, isTable) = (rows * width, rows > 10_000)
    var random = SeededGenerator(seed: 1)
    let batch = try TableBatch(tokens: 512, rows: rows, width: width, random: &random)
    let gradient = isTable ? [] : random.floats(count)
    let (p, m, v) = (
      Buffer(count: count, of: 0.1), Buffer(count: count, of: 1e-3), Buffer(count: count, of: 1e-3)
    )
    let (rowState, columnState) = (Buffer(count: rows, of: 0), Buffer(count: width, of: 0))
    let states = [true, false].map { signed in
      let state = Bytes(count: EightBitState.bytes(count: count))
      EightBitState.store(signed: signed, count: count, x: m.pointer, state: state.pointer)
      return state
    }
    let scratch = Bytes(count: ScratchBytes.adafactorEmbedding(threads: context.threads, width: width))
    func time(_ name: String, _ body: () -> Void) {
      print("\(name) of \(rows) × \(width): \(String(format: "%.3f ms", best(body) * 1e3))")
    }
    for (name, rule) in [
      ("AdamW", UpdateRule.adamW(learningRate: 1e-5, step: 10)), ("Lion", .lion(learningRate: 1e-5)),
    ] {
      time(name) {
        if isTable {
          context.updateEmbedding(
            rule, rows: rows, width: width, dx: batch.dx, heads: batch.heads, order: batch.order,
            table: p.pointer,
            state1: m.pointer, state2: v.pointer, scratch: scratch.pointer)
        } else {
          context.update(
            rule, count: count, parameters: p.pointer, gradients: gradient, state1: m.pointer, state2: v.pointer
          )
        }
      }
      time("8-bit \(name)") {
        if isTable {
          context.updateEmbeddingEightBit(
            rule, rows: rows, width: width, dx: batch.dx, heads: batch.heads, order: batch.order,
            table: p.pointer,
            state1: states[0].pointer, state2: name == "AdamW" ? states[1].pointer : nil)
        } else {
          context.updateEightBit(
            rule, count: count, parameters: p.pointer, gradients: gradient, state1: states[0].pointer,
            state2: name == "AdamW" ? states[1].pointer : nil)
        }
      }
    }
    let adafactor = AdafactorRule(learningRate: 1e-5, step: 10)
    time("Adafactor") {
      if isTable {
        context.adafactorEmbedding(
          adafactor, rows: rows, width: width, dx: batch.dx, heads: batch.heads, order: batch.order,
          table: p.pointer, rowState: rowState.pointer, columnState: columnState.pointer,
          scratch: scratch.pointer)
      } else {
        context.adafactor(
          adafactor, rows: rows, columns: width, parameters: p.pointer, gradients: gradient,
          rowState: rowState.pointer, columnState: columnState.pointer, scratch: scratch.pointer)
      }
    }
  }
}
