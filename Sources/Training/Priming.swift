import Checkpoints
import Engine
import Graph
import Planning

/// FAR's learning metric: how far every tensor and every feed-forward node moved while priming.
///
/// The L1 norm of (primed − pretrained), summed over a tensor, or over a node's row of the first matrix, its bias and its column of the
/// second (Vucetic et al., arXiv 2205.01541, section III).
enum Priming {
  static func scores(_ engine: Engine, model: Model, task: String?, steps: Int) throws -> Scores {
    let graph = model.graph
    let nodeCount = graph.configuration.feedForwardSize
    var tensors: [String: Double] = [:]
    var nodes = Array(
      repeating: Array(repeating: 0.0, count: nodeCount), count: graph.configuration.layerCount)
    for parameter in graph.parameters {
      let layer = parameter.nodeAxis == nil ? nil : graph.groups[parameter.group].layer
      let size = parameter.count / nodeCount
      var total = 0.0
      try forEachChange(of: parameter, engine) { index, change in
        total += change
        guard let layer else { return }
        let node = parameter.nodeAxis == 1 ? index % nodeCount : index / size
        nodes[layer][node] += change
      }
      tensors[parameter.name] = total
    }
    // The matrices of a pair are scored by node alone.
    for parameter in graph.parameters where parameter.nodeAxis != nil && parameter.role == .weight {
      tensors[parameter.name] = nil
    }
    return Scores(
      origin: .priming, modelIdentity: model.identity, weightsIdentity: try model.weights?.weightsIdentity(),
      task: task, steps: steps, tensors: tensors, nodes: nodes)
  }

  private static func forEachChange(
    of parameter: Parameter, _ engine: Engine, _ body: (_ index: Int, _ change: Double) -> Void
  ) throws {
    var start = 0
    var original = [Float](repeating: 0, count: parameter.shape.last ?? 1)
    try engine.readTensor(parameter) { row in
      try original.withUnsafeMutableBufferPointer { buffer in
        guard let pointer = buffer.baseAddress else { return }
        try engine.source.read(parameter, elements: start..<start + row.count, into: pointer)
        for index in row.indices { body(start + index, Double((row[index] - pointer[index]).magnitude)) }
      }
      start += row.count
    }
  }
}
