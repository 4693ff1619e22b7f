import Engine
import Foundation
import Graph
import Planning

/// What every metric of priming is made from: sums over the weights of each tensor and of each feed-forward node.
struct PrimingSums: Equatable {
  /// Over any weights, with w a pretrained one, Δ its change and v the mean of its squared gradient.
  struct Sums: Equatable, AdditiveArithmetic {
    /// Σ|w|.
    var weight = 0.0
    /// Σ|Δ|.
    var change = 0.0
    /// ΣΔ².
    var squaredChange = 0.0
    /// Σ√v.
    var gradient = 0.0
    /// Σv.
    var squaredGradient = 0.0

    static let zero = Sums()
    static let count = MemoryLayout<Sums>.stride / MemoryLayout<Double>.stride

    static func + (one: Sums, other: Sums) -> Sums {
      Sums(
        weight: one.weight + other.weight, change: one.change + other.change,
        squaredChange: one.squaredChange + other.squaredChange, gradient: one.gradient + other.gradient,
        squaredGradient: one.squaredGradient + other.squaredGradient)
    }

    static func - (one: Sums, other: Sums) -> Sums {
      Sums(
        weight: one.weight - other.weight, change: one.change - other.change,
        squaredChange: one.squaredChange - other.squaredChange, gradient: one.gradient - other.gradient,
        squaredGradient: one.squaredGradient - other.squaredGradient)
    }
  }

  private let nodeCount: Int
  private let layerCount: Int
  /// Tensors in the graph's order, then the nodes of each layer.
  private(set) var values: [Sums]

  init(_ graph: EncoderGraph) {
    nodeCount = graph.configuration.feedForwardSize
    layerCount = graph.configuration.layerCount
    values = Array(repeating: .zero, count: graph.parameters.count + layerCount * nodeCount)
  }

  /// Bytes that the sums take, beside those of training.
  static func bytes(_ graph: EncoderGraph) -> Int {
    let nodes = graph.configuration.layerCount * graph.configuration.feedForwardSize
    return (graph.parameters.count + nodes) * MemoryLayout<Sums>.stride
  }

  func tensor(_ parameter: Parameter) -> Sums { values[parameter.id] }

  func nodes(layer: Int) -> ArraySlice<Sums> {
    let end = values.count - (layerCount - 1 - layer) * nodeCount
    return values[end - nodeCount..<end]
  }

  /// Adds what belongs to a row of a tensor, a tensor of one dimension being one row.
  ///
  /// - Parameter layer: that of the nodes, where the tensor has some.
  mutating func add(row: Int, of parameter: Parameter, layer: Int?, _ weights: some Sequence<Sums>) {
    guard let axis = parameter.nodeAxis, let layer else {
      values[parameter.id] += weights.reduce(.zero, +)
      return
    }
    let first = nodes(layer: layer).startIndex
    for (column, sums) in weights.enumerated() {
      values[parameter.id] += sums
      values[first + (axis == 1 || parameter.shape.count == 1 ? column : row)] += sums
    }
  }

  /// What an engine's steps did to the weights, and how long each of the two readings took.
  ///
  /// - Parameter steps: those taken since the weights were loaded.
  /// - Throws: what reading the pretrained weights does.
  static func measure(_ engine: Engine, steps: Int) throws -> (sums: PrimingSums, times: ScoringTimes) {
    let graph = engine.program.training.graph
    var sums = PrimingSums(graph)
    let start = ContinuousClock.now
    for parameter in graph.parameters {
      try sums.addChanges(of: parameter, graph.groups[parameter.group].layer, engine)
    }
    let middle = ContinuousClock.now
    guard engine.program.training.recipe.optimizer.keepsSquaredGradients else {
      return (sums, ScoringTimes(changes: (middle - start) / .seconds(1)))
    }
    for parameter in graph.parameters {
      try sums.addGradients(of: parameter, graph.groups[parameter.group].layer, engine, steps: steps)
    }
    let seconds = (middle - start, ContinuousClock.now - middle)
    return (sums, ScoringTimes(changes: seconds.0 / .seconds(1), gradients: seconds.1 / .seconds(1)))
  }

  private mutating func addChanges(of parameter: Parameter, _ layer: Int?, _ engine: Engine) throws {
    var original = [Float](repeating: 0, count: parameter.shape.last ?? 1)
    var index = 0
    try engine.readTensor(parameter) { row in
      try original.withUnsafeMutableBufferPointer { buffer in
        guard let pointer = buffer.baseAddress else { return }
        try engine.source.read(
          parameter, elements: index * row.count..<(index + 1) * row.count, into: pointer)
      }
      let changes = zip(row, original).lazy.map { now, then in
        let change = Double(now - then)
        return Sums(weight: Double(abs(then)), change: abs(change), squaredChange: change * change)
      }
      add(row: index, of: parameter, layer: layer, changes)
      index += 1
    }
  }

  private mutating func addGradients(
    of parameter: Parameter, _ layer: Int?, _ engine: Engine, steps: Int
  ) throws {
    var index = 0
    try engine.readMeanSquaredGradients(of: parameter, steps: steps) { row in
      add(
        row: index, of: parameter, layer: layer,
        row.lazy.map { Sums(gradient: Double($0).squareRoot(), squaredGradient: Double($0)) })
      index += 1
    }
  }
}

/// Seconds that scoring took at the end of a priming run.
public struct ScoringTimes: Sendable, Codable, Equatable {
  /// Reading the pretrained weights again, beside the primed ones.
  public var changes: Double
  /// Reading the optimizer's mean squared gradients; nil where it keeps none.
  public var gradients: Double?
}

extension PrimingSums {
  /// - Throws: where the file cannot be written; nothing is copied on the way.
  func write(to url: URL) throws {
    try values.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      let data = Data(
        bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: bytes.count, deallocator: .none)
      try data.write(to: url)
    }
  }

  /// Reads what ``write(to:)`` wrote for the same graph; nil for another size.
  init?(_ graph: EncoderGraph, contentsOf url: URL) throws {
    self.init(graph)
    let data = try Data(contentsOf: url)
    guard data.count == values.count * MemoryLayout<Sums>.stride else { return nil }
    values.withUnsafeMutableBytes { _ = data.copyBytes(to: $0) }
  }

  /// One set of sums from those of turns that trained different parts, and the head each time; of changes alone where there are several.
  ///
  /// The loss falls more slowly where less trains, which changes how far everything moves. The head is the yardstick: the changes of a turn are
  /// scaled so that the head's are the same in all of them, namely their mean. Gradients cannot be compared so: those of lower
  /// layers grow manifold while the layers above them train (docs/results/scores.md), so they are left out.
  init(merging turns: [PrimingSums], _ graph: EncoderGraph) {
    self.init(graph)
    guard let first = turns.first, turns.count > 1 else {
      self = turns.first ?? self
      return
    }
    let head = graph.parameters.filter { graph.groups[$0.group].kind == .head }
    let yardsticks = turns.map { turn in head.reduce(0) { $0 + turn.tensor($1).change } }
    let mean = yardsticks.reduce(0, +) / Double(turns.count)
    // The pretrained weights are the same in all turns, whatever trained.
    for index in values.indices { values[index].weight = first.values[index].weight }
    for (turn, yardstick) in zip(turns, yardsticks) {
      // Where the head did not move, as with a rate of zero, nothing is known.
      let scale = yardstick > 0 ? mean / yardstick : 1
      for index in values.indices {
        values[index].change += turn.values[index].change * scale
        values[index].squaredChange += turn.values[index].squaredChange * scale * scale
      }
    }
    for parameter in head {
      values[parameter.id].change /= Double(turns.count)
      values[parameter.id].squaredChange /= Double(turns.count)
    }
  }
}
