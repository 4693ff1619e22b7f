import Kernels
import TestSupport
import Testing

@Suite("Adafactor")
struct AdafactorTests {
  /// A tensor with its states; a vector where there is no column.
  struct Tensor {
    let rows, columns: Int
    let p, rowState, columnState: Buffer

    init(_ start: [Float], rows: Int, columns: Int) {
      (self.rows, self.columns, p) = (rows, columns, Buffer(start))
      (rowState, columnState) = (Buffer(count: rows, of: 0), Buffer(count: columns, of: 0))
    }

    func step(_ rule: AdafactorRule, _ gradient: [Float], _ context: KernelContext, scale: Float = 1) {
      if columns == 0 {
        context.adafactor(
          rule, count: rows, parameters: p.pointer, gradients: gradient, state: rowState.pointer,
          gradientScale: scale)
      } else {
        let scratch = Bytes(count: ScratchBytes.adafactor(columns: columns))
        context.adafactor(
          rule, rows: rows, columns: columns, parameters: p.pointer, gradients: gradient,
          rowState: rowState.pointer, columnState: columnState.pointer, scratch: scratch.pointer,
          gradientScale: scale)
        _ = scratch.values
      }
    }

    var all: [[UInt32]] { [p, rowState, columnState].map { bits($0.values) } }
  }

  @Test("matrices and vectors move as with transformers' Adafactor, and so do their states")
  func agreesWithTransformers() throws {
    for context in try contexts() {
      for (number, run) in try Reference.load().adafactor.enumerated() {
        let tensor = Tensor(run.start, rows: run.shape[0], columns: run.shape.count == 2 ? run.shape[1] : 0)
        for (index, step) in run.steps.enumerated() {
          let rule = AdafactorRule(
            learningRate: run.learningRate, weightDecay: run.weightDecay, step: index + 1)
          tensor.step(rule, step.gradient, context)
          let what = "case \(number), step \(index + 1), \(context.threads) threads"
          expectClose(tensor.p.values, doubles(step.parameters), absolute: 1e-7, what)
          let states = run.shape.count == 2 ? [tensor.rowState, tensor.columnState] : [tensor.rowState]
          for (state, expected) in zip(states, step.states) {
            expectClose(state.values, doubles(expected), relative: 5e-6, absolute: 1e-36, "states of \(what)")
          }
        }
      }
    }
  }

  @Test("any thread count gives the same bits, and scratch is one row of floats")
  func threads() throws {
    for (rows, columns) in [(1, 1), (1, 700), (700, 1), (65, 130), (129, 1030), (9001, 0)] {
      let results = try contexts().map { context in
        var random = SeededGenerator(seed: UInt64(rows + columns))
        let count = rows * max(columns, 1)
        let tensor = Tensor(random.floats(count), rows: rows, columns: columns)
        for step in 1...3 {
          tensor.step(.init(learningRate: 0.01, step: step), random.floats(count), context)
        }
        return tensor.all
      }
      for result in results { #expect(result == results[0], "\(rows)×\(columns)") }
    }
    #expect(ScratchBytes.adafactor(columns: 384) == 1536)
    #expect(ScratchBytes.adafactorEmbedding(threads: 2, width: 384) == 4608)
  }

  @Test("a gradient scale of a power of two gives the bits of gradients multiplied before")
  func scale() throws {
    let context = try KernelContext(threads: 2)
    for (rows, columns) in [(33, 70), (100, 0)] {
      var random = SeededGenerator(seed: 5)
      let count = rows * max(columns, 1)
      let (start, gradient) = (random.floats(count), random.floats(count))
      let scaled = Tensor(start, rows: rows, columns: columns)
      let before = Tensor(start, rows: rows, columns: columns)
      let rule = AdafactorRule(learningRate: 0.01, step: 1)
      scaled.step(rule, gradient, context, scale: 0.25)
      before.step(rule, gradient.map { $0 * 0.25 }, context)
      #expect(scaled.all == before.all)
    }
  }

  @Test("rows without gradient stay finite beside very large ones")
  func wildValues() throws {
    let tensor = Tensor([Float](repeating: 1, count: 12), rows: 3, columns: 4)
    let least = Float.leastNonzeroMagnitude
    let gradient: [Float] = [0, 0, 0, 0, 1e18, -1e18, 0, 1000 * least, least, 0, 0, 0]
    let context = try KernelContext(threads: 1)
    for step in 1...3 { tensor.step(.init(learningRate: 0.01, step: step), gradient, context) }
    #expect(tensor.p.values.allSatisfy { $0.isFinite }, "\(tensor.p.values)")
    #expect(tensor.p.values[0..<4].allSatisfy { $0 == 1 })
  }

  @Test("a tensor of nothing is left alone")
  func empty() throws {
    let context = try KernelContext(threads: 2)
    for (rows, columns) in [(0, 4), (0, 0)] {
      let tensor = Tensor([], rows: rows, columns: columns)
      tensor.step(.init(learningRate: 0.01, step: 1), [], context)
      #expect(tensor.columnState.values.allSatisfy { $0 == 0 })
    }
  }

  @Test("a table moves with the bits of a matrix of its dense gradient", arguments: EmbeddingTests.shapes)
  func table(tokens: Int, rows: Int, width: Int) throws {
    for context in try contexts() {
      for decay in [0, 0.1] {
        var random = SeededGenerator(seed: UInt64(tokens + width))
        let start = random.floats(rows * width)
        let (table, dense) = (
          Tensor(start, rows: rows, columns: width), Tensor(start, rows: rows, columns: width)
        )
        let scratch = Bytes(count: ScratchBytes.adafactorEmbedding(threads: context.threads, width: width))
        for step in 1...4 {
          let rule = AdafactorRule(learningRate: 0.05, weightDecay: decay, step: step)
          let batch = try TableBatch(tokens: tokens, rows: rows, width: width, random: &random)
          context.adafactorEmbedding(
            rule, rows: rows, width: width, dx: batch.dx, heads: batch.heads, order: batch.order,
            table: table.p.pointer, rowState: table.rowState.pointer, columnState: table.columnState.pointer,
            scratch: scratch.pointer, gradientScale: 0.5)
          dense.step(rule, batch.denseGradient(context), context, scale: 0.5)
        }
        _ = scratch.values
        #expect(table.all == dense.all, "\(tokens) tokens, \(rows) rows, decay \(decay)")
      }
    }
  }
}

/// The gradient that a batch gives a table.
struct TableBatch {
  let rows, width: Int
  let dx: [Float]
  var heads, order: [Int32]

  init(tokens: Int, rows: Int, width: Int, random: inout SeededGenerator) throws {
    (self.rows, self.width) = (rows, width)
    let ids = random.ids(tokens, below: rows)
    dx = random.floats(tokens * width)
    heads = [Int32](repeating: -1, count: rows + 1)
    order = [Int32](repeating: -1, count: tokens)
    try KernelContext(threads: 1)
      .embeddingIndex(tokens: tokens, rows: rows, ids: ids, heads: &heads, order: &order)
  }

  func denseGradient(_ context: KernelContext) -> [Float] {
    let gradient = Buffer(count: rows * width)
    context.embeddingBackward(
      rows: rows, width: width, dx: dx, heads: heads, order: order, dtable: gradient.pointer)
    return gradient.values
  }
}
