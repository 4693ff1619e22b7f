import Engine
import Graph
import Planning
import Steps
import Testing

@testable import Training

/// A tensor's values by an engine, in the checkpoint's layout.
private func values(_ parameter: Parameter, _ engine: Engine) throws -> [Float] {
  var values: [Float] = []
  try engine.readTensor(parameter) { values += $0 }
  return values
}

private func meanSquares(_ parameter: Parameter, _ engine: Engine, steps: Int) throws -> [Float] {
  var values: [Float] = []
  try engine.readMeanSquaredGradients(of: parameter, steps: steps) { values += $0 }
  return values
}

/// Gradients of one step at the pretrained weights: SGD with a rate of 1 subtracts just that.
private func gradients(step: Int) throws -> (graph: EncoderGraph, of: (Parameter) throws -> [Double]) {
  let fixture = try RunFixture(.sgd)
  let graph = fixture.engine.program.training.graph
  let before = try graph.parameters.map { try values($0, fixture.engine) }
  _ = try fixture.engine.train(fixture.batch, step: step, UpdateSettings(learningRate: 1, weightDecay: 0))
  return (
    graph,
    { zip(before[$0.id], try values($0, fixture.engine)).map { Double($0) - Double($1) } }
  )
}

@Suite("The sums that scores are made from")
struct PrimingSumsTests {
  @Test(
    "AdamW's second moment is the mean of the squared gradients, of split and whole pairs alike, frozen nodes' 0"
  )
  func squaredGradients() throws {
    let fixture = try RunFixture(.adamw)
    let (graph, first) = try gradients(step: 1)
    let second = try gradients(step: 2).of
    // A rate of 0 keeps the weights, so that both steps' gradients are known.
    for steps in 1...2 {
      _ = try fixture.engine.train(
        fixture.batch, step: steps, UpdateSettings(learningRate: 0, weightDecay: 0))
      for parameter in graph.parameters {
        let measured = try meanSquares(parameter, fixture.engine, steps: steps)
        for (index, pair) in zip(try first(parameter), try second(parameter)).enumerated() {
          let squares = (pair.0 * pair.0, pair.1 * pair.1)
          let expected = steps == 1 ? squares.0 : (0.999 * squares.0 + squares.1) / 1.999
          // A gradient by way of a weight w is known to a float's step at w.
          let error = (pair.0.magnitude + pair.1.magnitude + 1e-6) * 1e-6 + expected * 1e-4
          #expect(
            abs(Double(measured[index]) - expected) <= error,
            "\(parameter.name)[\(index)] after \(steps) steps: \(measured[index]), not \(expected)")
        }
      }
    }
    // Layer 1 trains nodes 1, 4 and 6 of 8.
    let up = try #require(
      graph.parameters.first { $0.isSplitByNode && graph.groups[$0.group].layer == 1 && $0.nodeAxis == 0 })
    let rows = try meanSquares(up, fixture.engine, steps: 2)
    for node in 0..<8 {
      #expect(rows[node * 8..<node * 8 + 8].contains { $0 > 0 } == [1, 4, 6].contains(node))
    }
  }

  @Test("are of every tensor's weights, and of a node's row, bias and column")
  func sums() throws {
    let fixture = try RunFixture(.adamw)
    let engine = fixture.engine
    let graph = engine.program.training.graph
    let before = try graph.parameters.map { try values($0, engine) }
    for step in 1...3 {
      _ = try engine.train(fixture.batch, step: step, UpdateSettings(learningRate: 1e-2, weightDecay: 0))
    }
    let (sums, times) = try PrimingSums.measure(engine, steps: 3)
    #expect(times.gradients != nil)
    var nodes = Array(repeating: Array(repeating: PrimingSums.Sums.zero, count: 8), count: 2)
    for parameter in graph.parameters {
      let after = try values(parameter, engine)
      let squares = try meanSquares(parameter, engine, steps: 3)
      let weights = after.indices.map { index in
        let (old, square) = (before[parameter.id][index], Double(squares[index]))
        let change = Double(after[index] - old)
        return PrimingSums.Sums(
          weight: Double(old.magnitude), change: change.magnitude, squaredChange: change * change,
          gradient: square.squareRoot(), squaredGradient: square)
      }
      expectEqual(sums.tensor(parameter), weights.reduce(.zero, +), parameter.name)
      guard let axis = parameter.nodeAxis, let layer = graph.groups[parameter.group].layer else { continue }
      for (index, weight) in weights.enumerated() {
        nodes[layer][axis == 1 ? index % 8 : index / (parameter.count / 8)] += weight
      }
    }
    for layer in 0..<2 {
      for (node, expected) in nodes[layer].enumerated() {
        expectEqual(Array(sums.nodes(layer: layer))[node], expected, "layer \(layer), node \(node)")
      }
    }
    let measurements = sums.measurements(graph, gradients: true)
    #expect(measurements.map(\.metric) == Scores.Metric.measured)
    for measurement in measurements {
      let node = nodes[1][4]
      /// What the node adds to the root of the sum of all larger ones.
      func addition(_ sum: KeyPath<PrimingSums.Sums, Double>) -> Double {
        let larger = nodes[1].map { $0[keyPath: sum] }.filter { $0 > node[keyPath: sum] }.reduce(0, +)
        return (larger + node[keyPath: sum]).squareRoot() - larger.squareRoot()
      }
      let expected =
        switch measurement.metric {
        case .weightChange: node.change
        case .relativeChange: 17 * node.change / (node.change + node.weight)
        case .gradientNorm: node.gradient
        case .fisher: node.squaredGradient
        case .rootFisher: addition(\.squaredGradient)
        case .rootChange: addition(\.squaredChange)
        case .given: -1.0
        }
      #expect(abs(measurement.nodes[1][4] - expected) <= 1e-9 * expected, "\(measurement.metric)")
      #expect(expected > 0)
    }
    let scores = Scores(origin: .priming, modelIdentity: "", measurements: measurements)
    let fisher = try scores.choosing(.fisher)
    for (name, root) in try scores.choosing(.rootFisher).tensors {
      #expect(abs(root * root - fisher.tensors[name, default: -1]) <= 1e-12, "\(name)")
    }
  }

  @Test("of optimizers that keep no squared gradients give the metrics of changes alone")
  func withoutSquares() throws {
    for optimizer in Optimizer.allCases where optimizer != .adamw {
      let fixture = try RunFixture(optimizer)
      _ = try fixture.engine.train(fixture.batch, step: 1, UpdateSettings(learningRate: 1e-2))
      let (sums, times) = try PrimingSums.measure(fixture.engine, steps: 1)
      #expect(times.gradients == nil)
      let graph = fixture.engine.program.training.graph
      #expect(sums.values.allSatisfy { $0.gradient == 0 && $0.squaredGradient == 0 })
      #expect(sums.values.contains { $0.change > 0 })
      #expect(
        sums.measurements(graph, gradients: false).map(\.metric)
          == [.rootChange, .weightChange, .relativeChange])
    }
  }

  @Test("of turns are those of changes, scaled until the head's agree; those of one turn stay as they are")
  func merging() throws {
    let graph = RunFixture.graph
    let head = try #require(graph.parameters.last { graph.groups[$0.group].kind == .head })
    func turn(head value: Double, trained: Parameter, _ change: Double) -> PrimingSums {
      var sums = PrimingSums(graph)
      for parameter in graph.parameters {
        let x = parameter.id == head.id ? value : parameter.id == trained.id ? change : 0
        sums.add(
          row: 0, of: parameter, layer: nil,
          [PrimingSums.Sums(weight: 5, change: x, squaredChange: x * x, gradient: x, squaredGradient: x * x)])
      }
      return sums
    }
    let (first, second) = (graph.parameters[0], graph.parameters[5])
    let turns = [turn(head: 2, trained: first, 8), turn(head: 6, trained: second, 3)]
    let merged = PrimingSums(merging: turns, graph)
    // The heads' mean is 4.
    func moved(_ change: Double) -> PrimingSums.Sums {
      PrimingSums.Sums(weight: 5, change: change, squaredChange: change * change)
    }
    expectEqual(merged.tensor(head), moved(4), "head")
    expectEqual(merged.tensor(first), moved(16), "first")
    expectEqual(merged.tensor(second), moved(2), "second")
    #expect(PrimingSums(merging: [turns[0]], graph) == turns[0])
    let silent = turns.map { _ in turn(head: 0, trained: first, 8) }
    expectEqual(
      PrimingSums(merging: silent, graph).tensor(first), moved(8) + moved(8) - moved(0), "without a yardstick")
  }

  private func expectEqual(_ sums: PrimingSums.Sums, _ expected: PrimingSums.Sums, _ what: String) {
    let names: [KeyPath<PrimingSums.Sums, Double>] = [
      \.weight, \.change, \.squaredChange, \.gradient, \.squaredGradient,
    ]
    for name in names {
      let (sum, right) = (sums[keyPath: name], expected[keyPath: name])
      #expect(abs(sum - right) <= 1e-9 * max(1, abs(right)), "\(what), \(name)")
    }
  }
}
