import Foundation
import Kernels
import TestSupport
import Testing

/// The update formulas in double precision.
struct UpdateReference {
  var p: [Double]
  var s1: [Double]
  var s2: [Double]

  init(_ parameters: [Float]) {
    p = doubles(parameters)
    s1 = p.map { _ in 0 }
    s2 = s1
  }

  mutating func step(_ rule: UpdateRule, _ gradients: [Double]) {
    for (i, g) in gradients.enumerated() {
      switch rule {
      case .adamW(let rate, let beta1, let beta2, let epsilon, let decay, let step):
        p[i] -= rate * decay * p[i]
        s1[i] = beta1 * s1[i] + (1 - beta1) * g
        s2[i] = beta2 * s2[i] + (1 - beta2) * g * g
        let (m, v) = (s1[i] / (1 - pow(beta1, Double(step))), s2[i] / (1 - pow(beta2, Double(step))))
        p[i] -= rate * m / (v.squareRoot() + epsilon)
      case .sgd(let rate, let decay):
        p[i] -= rate * (g + decay * p[i])
      case .momentum(let rate, let momentum, let decay):
        s1[i] = momentum * s1[i] + g + decay * p[i]
        p[i] -= rate * s1[i]
      case .lion(let rate, let beta1, let beta2, let decay):
        let direction = beta1 * s1[i] + (1 - beta1) * g
        s1[i] = beta2 * s1[i] + (1 - beta2) * g
        p[i] -= rate * ((direction > 0 ? 1 : direction < 0 ? -1 : 0) + decay * p[i])
      }
    }
  }
}

@Suite("Parameter updates")
struct UpdateTests {
  static func rules(step: Int) -> [UpdateRule] {
    [
      .adamW(learningRate: 1e-2, weightDecay: 0.1, step: step), .sgd(learningRate: 0.1, weightDecay: 0.01),
      .momentum(learningRate: 0.1, momentum: 0.9, weightDecay: 0.01),
      .lion(learningRate: 0.01, weightDecay: 0.1),
    ]
  }

  @Test("five steps agree with the formulas in double precision, at every size and thread count")
  func agreesWithFormulas() throws {
    for size in [0, 1, 3, 7, 17, 33, 100, 4097, 9001] {
      for kind in Self.rules(step: 1).indices {
        var first: [UInt32]?
        for context in try contexts() {
          var random = SeededGenerator(seed: UInt64(size))
          let start = random.floats(size)
          var reference = UpdateReference(start)
          let (p, s1, s2) = (Buffer(start), Buffer(count: size, of: 0), Buffer(count: size, of: 0))
          for step in 1...5 {
            let rule = Self.rules(step: step)[kind]
            let gradients = random.floats(size)
            reference.step(rule, doubles(gradients))
            context.update(
              rule, count: size, parameters: p.pointer, gradients: gradients,
              state1: kind == 1 ? nil : s1.pointer, state2: kind == 0 ? s2.pointer : nil)
          }
          expectClose(p.values, reference.p, absolute: 1e-6, "\(size) parameters, rule \(kind)")
          if kind != 1 { expectClose(s1.values, reference.s1, absolute: 1e-6, "first state") }
          if kind == 0 { expectClose(s2.values, reference.s2, absolute: 1e-7, "second state") }
          let expected = first ?? bits(p.values)
          first = expected
          #expect(bits(p.values) == expected, "\(context.threads) threads")
        }
      }
    }
  }

  // p = [1, -0.5, 0.25, 0], gradients [0.1, -2, 0, 1e-6] · step, steps 1...3, of PyTorch 2.13 on the CPU:
  // torch.optim.AdamW(lr=1e-2, weight_decay=0.1), SGD(lr=0.1, weight_decay=0.01), the latter with momentum=0.9.
  @Test("three steps give the values of PyTorch")
  func agreesWithPyTorch() throws {
    let expected: [[Double]] = [
      [0.9678008556365967, -0.4692993462085724, 0.24925076961517334, -0.028998658061027527],
      [0.9370430111885071, 0.700698733329773, 0.24925075471401215, -5.996001277708274e-07],
      [0.8993528485298157, 1.4036428928375244, 0.24859869480133057, -9.504201443633065e-07],
    ]
    let context = try KernelContext(threads: 1)
    for kind in 0..<3 {
      let (p, s1, s2) = (Buffer([1, -0.5, 0.25, 0]), Buffer(count: 4, of: 0), Buffer(count: 4, of: 0))
      for step in 1...3 {
        let gradients = [0.1, -2, 0, 1e-6].map { $0 * Float(step) }
        context.update(
          Self.rules(step: step)[kind], count: 4, parameters: p.pointer, gradients: gradients,
          state1: s1.pointer,
          state2: s2.pointer)
      }
      expectClose(p.values, expected[kind], relative: 3e-7, absolute: 1e-9, "rule \(kind)")
    }
  }
}
