import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Activations")
struct ActivationTests {
  // Beyond one pool unit of 4096 elements, ranges are shared among threads.
  let sizes = [0, 1, 3, 7, 17, 33, 100, 4097, 20_011]

  static func reference(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .gelu: x * erfc(-x / 2.0.squareRoot()) / 2
    // (1 + tanh u) / 2 without its cancellation in the lower tail.
    case .geluTanh: x / (1 + exp(-2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .relu: max(x, 0)
    case .tanh: Foundation.tanh(x)
    }
  }

  /// Every multiple of 1/64 from −13 to 13, and numbers of every magnitude below.
  static let grid: [Float] = (-832...832).map { Float($0) / 64 } + (1...60).map { -exp2(-Float($0)) }

  @Test("each function agrees with the C library in double precision", arguments: Activation.allCases)
  func forwardIsAccurate(activation: Activation) throws {
    let context = try KernelContext(threads: 1)
    let y = Buffer(count: Self.grid.count)
    context.activationForward(activation, count: Self.grid.count, x: Self.grid, y: y.pointer)
    let expected = Self.grid.map { Self.reference(activation, Double($0)) }
    // Relative, except where the exponential underflows: an argument near 88 is itself rounded by 4e-6. The tail
    // of GELU at −13 is 13 · 6e-39; the kernel's stops at 1e-38.
    expectClose(y.values, expected, relative: 1e-5, absolute: 1e-36, "\(activation)")
    expectClose(y.values, expected, relative: 4e-7, absolute: 4e-7, "\(activation)")
  }

  @Test("each slope agrees with central differences of the function", arguments: Activation.allCases)
  func backwardIsTheSlope(activation: Activation) throws {
    let context = try KernelContext(threads: 1)
    let x = Self.grid.filter { $0 != 0 }  // ReLU has no slope there
    let dy = Buffer([Float](repeating: 1, count: x.count))
    let saved = activation == .tanh ? x.map { Float(Foundation.tanh(Double($0))) } : x
    let dx = Buffer(count: x.count)
    context.activationBackward(activation, count: x.count, saved: saved, dy: dy.pointer, dx: dx.pointer)
    let slopes = x.map { x in
      let h = min(1e-5, abs(Double(x)) / 2)  // never across ReLU's kink
      return
        (Self.reference(activation, Double(x) + h) - Self.reference(activation, Double(x) - h)) / (2 * h)
    }
    expectClose(dx.values, slopes, relative: 1e-6, absolute: 1e-6, "\(activation)")
  }

  @Test("in place and on any number of threads, the bits are the same", arguments: Activation.allCases)
  func threadsAndAliasing(activation: Activation) throws {
    let contexts = try contexts()
    for size in sizes {
      var random = SeededGenerator(seed: UInt64(size))
      let x = random.floats(size, in: -6...6)
      let dy = random.floats(size)
      let y = Buffer(count: size)
      let dx = Buffer(count: size)
      contexts[0].activationForward(activation, count: size, x: x, y: y.pointer)
      contexts[0].activationBackward(activation, count: size, saved: x, dy: dy, dx: dx.pointer)
      expectClose(
        y.values, x.map { Self.reference(activation, Double($0)) }, "\(activation), \(size) elements")
      for context in contexts {
        let forward = Buffer(x)
        context.activationForward(activation, count: size, x: forward.pointer, y: forward.pointer)
        #expect(bits(forward.values) == bits(y.values), "\(size) elements, \(context.threads) threads")
        let backward = Buffer(dy)
        context.activationBackward(
          activation, count: size, saved: x, dy: backward.pointer, dx: backward.pointer)
        #expect(bits(backward.values) == bits(dx.values), "\(size) elements, \(context.threads) threads")
      }
    }
  }

  @Test("not-a-number passes through, so that a diverged run is noticed", arguments: Activation.allCases)
  func notANumber(activation: Activation) throws {
    let y = Buffer(count: 37)
    try KernelContext(threads: 1)
      .activationForward(activation, count: 37, x: [Float](repeating: .nan, count: 37), y: y.pointer)
    #expect(y.values.allSatisfy { $0.isNaN })
  }
}
