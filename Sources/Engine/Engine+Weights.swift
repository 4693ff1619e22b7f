import Checkpoints
import Graph
import Steps

extension Engine {
  /// Reads every tensor that lives in the arena and zeroes the optimizer's state: the beginning of a run.
  ///
  /// Tensors are read through small buffers, not through the mapping, so that only frozen weights' pages count as mapped.
  public func loadWeights() throws {
    for (index, buffer) in program.training.buffers.enumerated() {
      guard case .arena = buffer.storage else { continue }
      switch buffer.content {
      case .parameter(let part):
        try load(part, into: trainingAddresses[index].assumingMemoryBound(to: Float.self))
      case .state:
        trainingAddresses[index].initializeMemory(as: UInt8.self, repeating: 0, count: buffer.bytes)
      case .input, .transient: break
      }
    }
  }

  /// The current values of a tensor in the checkpoint's layout and node order, handed over row by row.
  ///
  /// Learners are merged back among the frozen nodes.
  public func readTensor(_ parameter: Parameter, _ body: (UnsafeBufferPointer<Float>) throws -> Void) throws {
    let width = parameter.shape.last ?? 1
    let rows = parameter.count / max(width, 1)
    let parts = residentParts(of: parameter)
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { row in
      guard let pointer = row.baseAddress else { return }
      for index in 0..<rows {
        if parts.isEmpty {
          try source.read(parameter, elements: index * width..<(index + 1) * width, into: pointer)
        } else {
          for (part, values) in parts { gather(part, parameter, row: index, from: values, into: pointer) }
        }
        try body(UnsafeBufferPointer(row))
      }
    }
  }

  /// The parts of a tensor that the arena holds; none where it is read in place.
  private func residentParts(of parameter: Parameter) -> [(ParameterPart, UnsafeMutablePointer<Float>)] {
    zip(program.training.buffers, trainingAddresses).compactMap { buffer, address in
      guard case .parameter(let part) = buffer.content, part.parameter == parameter.id,
        buffer.storage != .mapped
      else { return nil }
      return (part, address.assumingMemoryBound(to: Float.self))
    }
  }

  /// The nodes that a part holds, in its order; nil for a tensor without nodes.
  private func nodes(of part: ParameterPart) -> ArraySlice<Int>? {
    guard let side = part.side, let layer = part.layer else { return nil }
    let count = program.training.graph.configuration.feedForwardSize
    let retained = program.training.selection.retained[layer]
    let order = nodeOrder[layer] ?? Array(0..<count)
    return side == .learners ? order[..<retained] : order[retained...]
  }

  private func load(_ part: ParameterPart, into target: UnsafeMutablePointer<Float>) throws {
    let parameter = program.training.graph.parameters[part.parameter]
    guard let nodes = nodes(of: part) else { return try source.read(parameter, into: target) }
    let width = parameter.shape.last ?? 1
    if parameter.nodeAxis == 0 {
      // One row, or one element of a bias, a node.
      let size = parameter.count / parameter.shape[0]
      for (position, node) in nodes.enumerated() {
        try source.read(parameter, elements: node * size..<(node + 1) * size, into: target + position * size)
      }
    } else {
      // One column a node, kept as a row.
      let rows = parameter.shape[0]
      try withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { row in
        guard let pointer = row.baseAddress else { return }
        for index in 0..<rows {
          try source.read(parameter, elements: index * width..<(index + 1) * width, into: pointer)
          for (position, node) in nodes.enumerated() { target[position * rows + index] = pointer[node] }
        }
      }
    }
  }

  /// Copies what a part holds of one row of the tensor as the checkpoint has it.
  private func gather(
    _ part: ParameterPart, _ parameter: Parameter, row: Int, from values: UnsafeMutablePointer<Float>,
    into target: UnsafeMutablePointer<Float>
  ) {
    let width = parameter.shape.last ?? 1
    guard let nodes = nodes(of: part) else {
      target.update(from: values + row * width, count: width)
      return
    }
    if parameter.shape.count == 1 {
      for (position, node) in nodes.enumerated() { target[node] = values[position] }
    } else if parameter.nodeAxis == 0 {
      guard let position = nodes.firstIndex(of: row) else { return }
      target.update(from: values + (position - nodes.startIndex) * width, count: width)
    } else {
      for (position, node) in nodes.enumerated() { target[node] = values[position * parameter.shape[0] + row] }
    }
  }
}
