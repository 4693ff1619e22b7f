import Kernels
import TestSupport
import Testing

@Suite("Elementwise helpers")
struct ElementwiseTests {
  @Test("fill, copy and add do what they say at every size and thread count")
  func helpers() throws {
    for context in try contexts() {
      for size in [0, 1, 3, 7, 17, 33, 100, 4096, 4097, 20_011] {
        var random = SeededGenerator(seed: UInt64(size))
        let x = random.floats(size)
        let old = random.floats(size)
        let y = Buffer(count: size)
        context.fill(count: size, with: 1.5, x: y.pointer)
        #expect(y.values == x.map { _ in 1.5 })
        context.copy(count: size, x: x, y: y.pointer)
        #expect(y.values == x)
        context.copy(count: size, x: old, y: y.pointer)
        context.add(count: size, alpha: -2, x: x, beta: 0.5, y: y.pointer)
        expectClose(y.values, zip(x, old).map { -2 * Double($0) + 0.5 * Double($1) }, "\(size) elements")
        context.fill(count: size, with: .nan, x: y.pointer)
        context.add(count: size, alpha: 2, x: x, beta: 0, y: y.pointer)
        #expect(y.values == x.map { 2 * $0 })
        context.add(count: size, x: y.pointer, y: y.pointer)
        #expect(y.values == x.map { 4 * $0 })
      }
    }
  }

  @Test("a single infinity or NaN is found wherever it is")
  func finiteness() throws {
    let context = try KernelContext(threads: 1)
    #expect(context.allFinite(count: 0, x: []))
    for size in [1, 3, 17, 100] {
      let extremes: [Float] = [.greatestFiniteMagnitude, -.leastNonzeroMagnitude, -0.0, 1]
      let finite = (0..<size).map { extremes[$0 % 4] }
      #expect(context.allFinite(count: size, x: finite))
      for place in 0..<size {
        for bad in [Float.infinity, -.infinity, .nan] {
          var x = finite
          x[place] = bad
          #expect(!context.allFinite(count: size, x: x), "\(bad) at \(place) of \(size)")
        }
      }
    }
  }
}
