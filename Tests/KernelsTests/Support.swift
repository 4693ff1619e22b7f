import Foundation
import Kernels
import TestSupport
import Testing

/// Pools of 1, 2 and 3 threads: more than the tests' machine may have, and a count that divides nothing.
func contexts() throws -> [KernelContext] { try [1, 2, 3].map { try KernelContext(threads: $0) } }

/// Floats in memory of their own, so that kernels can run in place, between guards that show a write outside.
///
/// Never freed: optimized code lets go of a buffer after its last mention, when a kernel may still have its pointer to read.
final class Buffer {
  static let guards = 32
  static let sentinel: Float = -12345.75

  let count: Int
  let pointer: UnsafeMutablePointer<Float>

  init(_ values: [Float]) {
    count = values.count
    let start = UnsafeMutablePointer<Float>.allocate(capacity: count + 2 * Self.guards)
    start.initialize(repeating: Self.sentinel, count: count + 2 * Self.guards)
    pointer = start + Self.guards
    pointer.update(from: values, count: count)
  }

  convenience init(count: Int, of value: Float = .nan) { self.init([Float](repeating: value, count: count)) }

  /// The contents; a test that finds a guard overwritten fails.
  var values: [Float] {
    for i in 0..<Self.guards where pointer[-1 - i] != Self.sentinel || pointer[count + i] != Self.sentinel {
      Issue.record("a kernel wrote outside its buffer of \(count) floats")
    }
    return [Float](UnsafeBufferPointer(start: pointer, count: count))
  }
}

extension SeededGenerator {
  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }

  mutating func ids(_ count: Int, below bound: Int) -> [Int32] {
    (0..<count).map { _ in Int32.random(in: 0..<Int32(bound), using: &self) }
  }
}

/// Expects |actual − expected| ≤ absolute + relative |expected| everywhere, and reports the first that is not.
func expectClose(
  _ actual: [Float], _ expected: [Double], relative: Double = 2e-6, absolute: Double = 2e-6,
  _ what: @autoclosure () -> String, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(actual.count == expected.count, "\(what())", sourceLocation: sourceLocation)
  let wrong = zip(actual, expected).enumerated().first { _, pair in
    !(abs(Double(pair.0) - pair.1) <= absolute + relative * abs(pair.1))
  }
  if let (index, pair) = wrong {
    Issue.record("\(what()): element \(index) is \(pair.0), not \(pair.1)", sourceLocation: sourceLocation)
  }
}

/// Equality of bits, so that NaN equals itself and −0 differs from 0.
func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

func doubles(_ values: [Float]) -> [Double] { values.map(Double.init) }

/// The gradient of `function` at `x` by central differences, in double precision (error about 1e-9).
func centralDifferences(at x: [Double], of function: ([Double]) -> Double) -> [Double] {
  x.indices.map { i in
    var moved = x
    moved[i] = x[i] + 1e-5
    let above = function(moved)
    moved[i] = x[i] - 1e-5
    return (above - function(moved)) / 2e-5
  }
}

func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
