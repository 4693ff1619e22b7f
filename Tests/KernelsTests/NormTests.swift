import Foundation
import Kernels
import TestSupport
import Testing

@Suite("LayerNorm")
struct NormTests {
  static let epsilon = 1e-5
  // The last ones are shared among threads.
  static let shapes = [(1, 1), (1, 3), (3, 7), (7, 17), (5, 33), (3, 100), (40, 300), (9, 5000)]

  struct Case {
    let rows, width: Int
    let residual, branch, gamma, beta, dy: [Float]

    init(_ rows: Int, _ width: Int) {
      var random = SeededGenerator(seed: UInt64(rows * 1000 + width))
      (self.rows, self.width) = (rows, width)
      residual = random.floats(rows * width)
      branch = random.floats(rows * width, in: 0...3)
      gamma = random.floats(width, in: 0.5...1.5)
      beta = random.floats(width)
      dy = random.floats(rows * width)
    }
  }

  struct Reference {
    var y: [Double] = []
    var xhat: [Double] = []
    var rstd: [Double] = []

    init(_ z: [Double], gamma: [Double], beta: [Double]) {
      let width = gamma.count
      for start in stride(from: 0, to: z.count, by: width) {
        let row = z[start..<start + width]
        let mean = row.reduce(0, +) / Double(width)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
        let rstd = 1 / (variance + NormTests.epsilon).squareRoot()
        self.rstd.append(rstd)
        for (i, value) in row.enumerated() {
          xhat.append((value - mean) * rstd)
          y.append(gamma[i] * (value - mean) * rstd + beta[i])
        }
      }
    }
  }

  @Test(
    "forward agrees with the definition, with and without residual, dropout and each output", arguments: shapes)
  func forward(rows: Int, width: Int) throws {
    let given = Case(rows, width)
    let count = rows * width
    for dropout in [Dropout.none, Dropout(key: 7, probability: 0.25)] {
      for hasResidual in [true, false] {
        var reference: Reference?
        for context in try contexts() {
          let dropped = Buffer(count: count)
          context.applyDropout(dropout, count: count, x: given.branch, y: dropped.pointer)
          let z = zip(dropped.values, given.residual).map { Double($0) + (hasResidual ? Double($1) : 0) }
          let expected = reference ?? Reference(z, gamma: doubles(given.gamma), beta: doubles(given.beta))
          reference = expected
          let y = Buffer(count: count)
          let xhat = Buffer(count: count)
          let rstd = Buffer(count: rows)
          func run(
            _ residual: UnsafePointer<Float>?, _ branch: UnsafePointer<Float>, _ y: Buffer?, _ xhat: Buffer?
          ) {
            context.addNormForward(
              rows: rows, width: width, residual: hasResidual ? residual : nil, branch: branch,
              dropout: dropout,
              gamma: given.gamma, beta: given.beta, epsilon: Float(Self.epsilon), y: y?.pointer,
              xhat: xhat?.pointer, rstd: rstd.pointer)
          }
          run(given.residual, given.branch, y, xhat)
          // A row that is nearly constant is normalised by 1/√ε: its rounding errors are, too.
          let tolerance = width == 1 ? 1e-4 : 1e-5
          let label = "\(rows)×\(width), \(context.threads) threads, \(dropout), residual \(hasResidual)"
          expectClose(y.values, expected.y, relative: 1e-5, absolute: tolerance, label)
          expectClose(xhat.values, expected.xhat, relative: 1e-5, absolute: tolerance, label)
          expectClose(rstd.values, expected.rstd, relative: 1e-5, label)

          let onlyY = Buffer(given.residual)
          run(onlyY.pointer, given.branch, onlyY, nil)
          #expect(bits(onlyY.values) == bits(y.values), "in place of the residual: \(label)")
          let onlyXhat = Buffer(given.branch)
          run(given.residual, onlyXhat.pointer, nil, onlyXhat)
          #expect(bits(onlyXhat.values) == bits(xhat.values), "in place of the branch: \(label)")

          let rebuilt = Buffer(xhat.values)
          context.normRebuild(
            rows: rows, width: width, xhat: rebuilt.pointer, gamma: given.gamma, beta: given.beta,
            y: rebuilt.pointer)
          #expect(bits(rebuilt.values) == bits(y.values), "rebuilt: \(label)")
        }
      }
    }
  }

  @Test(
    "backward agrees with central differences of the forward", arguments: [(1, 3), (2, 7), (3, 17), (2, 33)])
  func backwardBySlopes(rows: Int, width: Int) throws {
    let given = Case(rows, width)
    let (gamma, beta, dy) = (doubles(given.gamma), doubles(given.beta), doubles(given.dy))
    let z = doubles(given.branch)
    let saved = Reference(z, gamma: gamma, beta: beta)
    let expectedZ = centralDifferences(at: z) { dot(Reference($0, gamma: gamma, beta: beta).y, dy) }
    let expectedGamma = centralDifferences(at: gamma) { dot(Reference(z, gamma: $0, beta: beta).y, dy) }
    let expectedBeta = centralDifferences(at: beta) { dot(Reference(z, gamma: gamma, beta: $0).y, dy) }
    for context in try contexts() {
      let dz = Buffer(given.dy)
      context.normBackward(
        rows: rows, width: width, dy: dz.pointer, xhat: saved.xhat.map(Float.init),
        rstd: saved.rstd.map(Float.init),
        gamma: given.gamma, dz: dz.pointer)
      expectClose(dz.values, expectedZ, relative: 1e-5, absolute: 1e-5, "dz \(rows)×\(width)")
      let dgamma = Buffer(count: width)
      let dbeta = Buffer(count: width)
      context.normParameterGradients(
        rows: rows, width: width, dy: given.dy, xhat: saved.xhat.map(Float.init), dgamma: dgamma.pointer,
        dbeta: nil)
      context.normParameterGradients(
        rows: rows, width: width, dy: given.dy, xhat: nil, dgamma: nil, dbeta: dbeta.pointer)
      expectClose(dgamma.values, expectedGamma, relative: 1e-5, absolute: 1e-5, "dγ \(rows)×\(width)")
      expectClose(dbeta.values, expectedBeta, relative: 1e-5, absolute: 1e-5, "dβ \(rows)×\(width)")
    }
  }

  @Test("backward agrees with its formula at every size, the same on any number of threads", arguments: shapes)
  func backwardByFormula(rows: Int, width: Int) throws {
    let given = Case(rows, width)
    let saved = Reference(doubles(given.branch), gamma: doubles(given.gamma), beta: doubles(given.beta))
    let (xhat, rstd) = (saved.xhat.map(Float.init), saved.rstd.map(Float.init))
    let old = [Float](repeating: 0.5, count: width)
    var expectedZ: [Double] = []
    var expectedGamma = [Double](repeating: 0.25, count: width)
    for row in 0..<rows {
      let range = row * width..<(row + 1) * width
      let g = range.map { Double(given.dy[$0]) * Double(given.gamma[$0 - range.lowerBound]) }
      let x = range.map { Double(xhat[$0]) }
      let (mean, meanX) = (g.reduce(0, +) / Double(width), dot(g, x) / Double(width))
      expectedZ += zip(g, x).map { Double(rstd[row]) * ($0 - mean - $1 * meanX) }
      for i in 0..<width { expectedGamma[i] += Double(given.dy[range.lowerBound + i]) * x[i] }
    }
    var first: ([Float], [Float])?
    for context in try contexts() {
      let dz = Buffer(count: rows * width)
      let dgamma = Buffer(old)
      let dbeta = Buffer(old)
      context.normBackward(
        rows: rows, width: width, dy: given.dy, xhat: xhat, rstd: rstd, gamma: given.gamma, dz: dz.pointer)
      context.normParameterGradients(
        rows: rows, width: width, dy: given.dy, xhat: xhat, scale: 0.5, dgamma: dgamma.pointer,
        dbeta: dbeta.pointer)
      let scale = Double(rstd.max() ?? 1)
      expectClose(dz.values, expectedZ, relative: 1e-5, absolute: 2e-6 * scale, "dz \(rows)×\(width)")
      expectClose(dgamma.values, expectedGamma, relative: 1e-5, absolute: 1e-5, "dγ \(rows)×\(width)")
      let expected = first ?? (dz.values, dgamma.values)
      first = expected
      #expect(bits(dz.values) == bits(expected.0))
      #expect(bits(dgamma.values) == bits(expected.1))
    }
  }

  @Test("no rows is no work")
  func noRows() throws {
    for context in try contexts() {
      let y = Buffer([])
      context.addNormForward(
        rows: 0, width: 4, residual: nil, branch: [], gamma: [1, 1, 1, 1], beta: [0, 0, 0, 0], epsilon: 1e-5,
        y: y.pointer, xhat: nil, rstd: nil)
      let dgamma = Buffer(count: 4)
      context.normParameterGradients(rows: 0, width: 4, dy: [], xhat: [], dgamma: dgamma.pointer, dbeta: nil)
      #expect(dgamma.values == [0, 0, 0, 0])
    }
  }
}
