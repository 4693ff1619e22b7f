import Checkpoints
import Graph
import Steps

extension Engine {
  /// Reads every tensor that lives in the arena and zeroes the optimizer's state: the beginning of a run.
  ///
  /// Tensors are read through small buffers, not through the mapping, so that only frozen weights' pages count as mapped.
  public func loadWeights() throws {
    arena.populate(program.training.staticBytes)
    for (index, buffer) in program.training.buffers.enumerated() {
      guard case .arena = buffer.storage else { continue }
      switch buffer.content {
      case .parameter(let part): try load(part, buffer, into: trainingAddresses[index])
      case .state:
        trainingAddresses[index].initializeMemory(as: UInt8.self, repeating: 0, count: buffer.bytes)
      case .input, .transient: break
      }
    }
  }

  /// Looks through the weights that training started from, for where results are not finite the fault may be theirs.
  ///
  /// - Throws: `EngineError.notFinite` with the first tensor that holds what is no number.
  public func checkPretrainedWeights() throws {
    for parameter in program.training.graph.parameters {
      let width = parameter.shape.last ?? 1
      try forEachRow(0..<(parameter.count / max(width, 1)), of: parameter) { _, row in
        guard context.allFinite(count: width, x: row) else {
          throw EngineError.notFinite(tensor: parameter.name)
        }
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
    let isWhole =
      parts.reduce(0) { $0 + ($1.nodes?.count ?? parameter.count) } >= nodeCount(of: parameter)
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { row in
      guard let pointer = row.baseAddress else { return }
      for index in 0..<rows {
        // What no part holds is as the checkpoint has it.
        if !isWhole {
          try source.read(parameter, elements: index * width..<(index + 1) * width, into: pointer)
        }
        for part in parts { part.gather(row: index, of: parameter, into: pointer) }
        try body(UnsafeBufferPointer(row))
      }
    }
  }

  /// Nodes of a tensor, or its elements where it has none.
  private func nodeCount(of parameter: Parameter) -> Int {
    parameter.nodeAxis.map { parameter.shape[$0] } ?? parameter.count
  }

  /// The parts of a tensor that the arena holds as F32; the others have not changed.
  private func residentParts(of parameter: Parameter) -> [ResidentPart] {
    residentParts { content in
      guard case .parameter(let part) = content, part.parameter == parameter.id else { return nil }
      return part
    }
  }

  /// What the arena holds as F32 of the buffers that `part` chooses by their content, laid out as their part of a tensor is.
  func residentParts(_ part: (BufferTemplate.Content) -> ParameterPart?) -> [ResidentPart] {
    zip(program.training.buffers, trainingAddresses).compactMap { buffer, address in
      guard let part = part(buffer.content), buffer.storage != .mapped, buffer.format == .float32 else {
        return nil
      }
      return ResidentPart(nodes: nodes(of: part), values: address.assumingMemoryBound(to: Float.self))
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

  private func load(_ part: ParameterPart, _ buffer: Buffer, into address: UnsafeMutableRawPointer) throws {
    let parameter = program.training.graph.parameters[part.parameter]
    let target = address.assumingMemoryBound(to: Float.self)
    let nodes = nodes(of: part)
    if buffer.format != .float32 {
      try compress(parameter, nodes, buffer, into: address)
    } else if let nodes {
      try load(nodes, of: parameter, into: target)
    } else {
      try source.read(parameter, into: target)
    }
  }

  private func load(
    _ nodes: ArraySlice<Int>, of parameter: Parameter, into target: UnsafeMutablePointer<Float>
  ) throws {
    if parameter.nodeAxis == 0 {
      // One row, or one element of a bias, a node.
      let size = parameter.count / parameter.shape[0]
      for (position, node) in nodes.enumerated() {
        try source.read(parameter, elements: node * size..<(node + 1) * size, into: target + position * size)
      }
    } else {
      // One column a node, kept as a row.
      let rows = parameter.shape[0]
      try forEachRow(0..<rows, of: parameter) { index, row in
        for (position, node) in nodes.enumerated() { target[position * rows + index] = row[node] }
      }
    }
  }

  /// Converts a matrix row by row, so that no more than a row is ever F32.
  private func compress(
    _ parameter: Parameter, _ nodes: ArraySlice<Int>?, _ buffer: Buffer,
    into address: UnsafeMutableRawPointer
  ) throws {
    let format = buffer.format.kernel
    let columns = parameter.nodeAxis == 1 ? nodes : nil
    let rows = parameter.nodeAxis == 0 ? nodes : nil
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: max(buffer.columns, 1)) { chosen in
      guard let start = chosen.baseAddress else { return }
      try forEachRow(rows ?? ArraySlice(0..<buffer.rows), of: parameter) { position, row in
        if let columns {
          for (place, node) in columns.enumerated() { start[place] = row[node] }
        }
        format.compress(
          rows: position..<(position + 1), of: buffer.rows, columns: buffer.columns,
          x: columns == nil ? row : UnsafePointer(start), into: address)
      }
    }
  }

  /// Reads some rows of a tensor one after another; `body` gets each one's place in the order and its values.
  private func forEachRow(
    _ rows: some Collection<Int>, of parameter: Parameter,
    _ body: (_ position: Int, _ row: UnsafePointer<Float>) throws -> Void
  ) throws {
    let width = parameter.shape.last ?? 1
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: max(width, 1)) { buffer in
      guard let start = buffer.baseAddress else { return }
      for (position, row) in rows.enumerated() {
        try source.read(parameter, elements: row * width..<(row + 1) * width, into: start)
        try body(position, start)
      }
    }
  }
}

/// What the arena holds of a tensor, or of its optimizer's state.
struct ResidentPart {
  /// The nodes it holds, in its order; nil for a tensor without nodes.
  let nodes: ArraySlice<Int>?
  let values: UnsafeMutablePointer<Float>

  /// Copies what it holds of one row of the tensor as the checkpoint has it.
  func gather(row: Int, of parameter: Parameter, into target: UnsafeMutablePointer<Float>) {
    let width = parameter.shape.last ?? 1
    guard let nodes else { return target.update(from: values + row * width, count: width) }
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
