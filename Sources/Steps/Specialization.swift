import Graph

/// What a selection leaves of a template: the kernels whose results are needed and the buffers they touch.
struct Specialization {
  private(set) var kernels: [Kernel] = []
  private(set) var buffers: [Buffer] = []

  init(template: StepTemplate, selection: Selection, extent: TrainingStep.Extent) {
    let active =
      extent == .training ? template.atoms.active(selection) : template.atoms.set(.always)
    let trained = template.atoms.active(selection)
    let sizes = template.buffers.map { template.count(of: $0, selection) }

    var survivors: [(origin: Int, operands: [KernelTemplate.Operand])] = []
    for (index, kernel) in template.kernels.enumerated() {
      let hasNodes = kernel.sides.allSatisfy { side in
        kernel.layer.map { template.nodes(side, layer: $0, selection) > 0 } ?? false
      }
      guard hasNodes else { continue }
      let needs = template.needs[index]
      var operands: [KernelTemplate.Operand] = []
      for (position, operand) in kernel.operands.enumerated()
      where sizes[operand.buffer] > 0 && !needs[position].isDisjoint(with: active) {
        operands.append(operand)
      }
      if !operands.isEmpty { survivors.append((index, operands)) }
    }

    // Arrays by buffer, not dictionaries: planning specializes a template thousands of times.
    let count = template.buffers.count
    var lifetimes = [ClosedRange<Int>?](repeating: nil, count: count)
    for (position, survivor) in survivors.enumerated() {
      for operand in survivor.operands {
        let born = template.buffers[operand.buffer].persists ? 0 : position
        lifetimes[operand.buffer] = (lifetimes[operand.buffer]?.lowerBound ?? born)...position
      }
    }
    let loss = survivors.firstIndex { template.kernels[$0.origin].phase == .loss } ?? survivors.count

    // Where an input ends in a kernel that can run in place, its output begins after it, in the same bytes.
    var predecessors = [BufferID?](repeating: nil, count: count)
    for (position, survivor) in survivors.enumerated() {
      guard let (input, output) = template.kernels[survivor.origin].inPlace,
        lifetimes[input]?.upperBound == position, let life = lifetimes[output], life.lowerBound == position,
        life.upperBound > position
      else { continue }
      predecessors[output] = input
      lifetimes[output] = position + 1...life.upperBound
    }

    var renumbered = [BufferID?](repeating: nil, count: count)
    for (id, buffer) in template.buffers.enumerated() {
      guard var buffer = template.resolve(buffer, selection, trained, lifetimes[id], loss: loss) else {
        continue
      }
      buffer.predecessor = predecessors[id].flatMap { renumbered[$0] }
      renumbered[id] = buffers.count
      buffers.append(buffer)
    }

    var written = [Bool](repeating: false, count: buffers.count)
    for (origin, operands) in survivors {
      let kernel = template.kernels[origin]
      kernels.append(
        Kernel(
          operation: kernel.operation, name: kernel.name, layer: kernel.layer, phase: kernel.phase,
          origin: origin,
          operands: operands.compactMap { operand in
            guard let buffer = renumbered[operand.buffer] else { return nil }
            let first = operand.access.writes && !written[buffer]
            if first { written[buffer] = true }
            let access = operand.access == .accumulate && first ? .write : operand.access
            return Kernel.Operand(role: operand.role, buffer: buffer, access: access)
          }))
    }
  }
}

extension StepTemplate {
  /// Nodes on one side of a layer's feed-forward pair.
  public func nodes(_ side: NodeSide, layer: Int, _ selection: Selection) -> Int {
    Dimension.nodes(layer: layer, side).resolved(
      recipe, retained: selection.retained, nodes: graph.configuration.feedForwardSize)
  }

  /// Elements of a buffer under a selection.
  public func count(of buffer: BufferTemplate, _ selection: Selection) -> Int {
    let nodes = graph.configuration.feedForwardSize
    return buffer.rows.resolved(recipe, retained: selection.retained, nodes: nodes)
      * buffer.columns.resolved(recipe, retained: selection.retained, nodes: nodes)
  }

  /// Whether a part of a tensor is updated.
  public func trains(_ part: ParameterPart, _ active: AtomSet) -> Bool {
    if part.side == .learners, let layer = part.layer {
      return !active.isDisjoint(with: atoms.set(.learners(layer: layer)))
    }
    return !active.isDisjoint(with: atoms.set(.parameter(part.parameter)))
  }

  /// How a frozen matrix or table is held if it is converted to the recipe's format; the head, which is small, never is, nor what would not
  /// shrink.
  private func compressed(_ part: ParameterPart, _ layout: Layout, _ active: AtomSet) -> Layout? {
    let parameter = graph.parameters[part.parameter]
    guard recipe.frozenWeights != .float32, parameter.role.decays, !parameter.isHead, !trains(part, active)
    else { return nil }
    var result = layout
    result.format = .weights(recipe.frozenWeights)
    // Its rows are the checkpoint's, so that it is converted row by row as it is read.
    if parameter.nodeAxis == 1 { swap(&result.rows, &result.columns) }
    return result.bytes < layout.bytes ? result : nil
  }

  /// Whether a part is held in the arena as F32 rather than read in place.
  ///
  /// It is when it trains, when its tensor is split, and when it belongs to the head, which a pretrained checkpoint need not hold.
  private func isResident(_ part: ParameterPart, _ active: AtomSet, _ selection: Selection) -> Bool {
    if trains(part, active) || graph.parameters[part.parameter].isHead { return true }
    guard let layer = part.layer else { return false }
    return (1..<graph.configuration.feedForwardSize).contains(selection.retained[layer])
  }

  /// How a buffer is laid out under a selection.
  public struct Layout {
    public var rows: Int
    public var columns: Int
    public var format = ElementFormat.float32
    public var isTransposed = false
    public var isMapped = false
    public var rounding = Bytes.alignment

    /// Bytes it takes: rounded up in memory, exact in the checkpoint.
    public var bytes: Int {
      let bytes = format.bytes(rows: rows, columns: columns)
      return isMapped ? bytes : Bytes.rounded(bytes, to: rounding)
    }
  }

  /// The layout of a buffer, or nil where the selection leaves nothing of it.
  public func layout(of buffer: BufferTemplate, _ selection: Selection, _ trained: AtomSet) -> Layout? {
    let nodes = graph.configuration.feedForwardSize
    var layout = Layout(
      rows: buffer.rows.resolved(recipe, retained: selection.retained, nodes: nodes),
      columns: buffer.columns.resolved(recipe, retained: selection.retained, nodes: nodes))
    guard layout.rows * layout.columns > 0 else { return nil }
    layout.format = buffer.format
    layout.rounding = residence.rounding
    switch buffer.content {
    case .input, .transient: break
    case .state(let part, _):
      guard trains(part, trained) else { return nil }
      guard residence == .arena else { break }
      layout.format = recipe.optimizer.stateFormat(count: layout.rows * layout.columns)
    case .parameter(let part):
      guard residence == .arena else { break }
      let parameter = graph.parameters[part.parameter]
      if let compressed = compressed(part, layout, trained) {
        layout = compressed
      } else if isResident(part, trained, selection) {
        layout.isTransposed = parameter.nodeAxis == 1
      } else {
        layout.isMapped = true
        if parameter.shape.count == 2 {
          (layout.rows, layout.columns) = (parameter.shape[0], parameter.shape[1])
        }
      }
    }
    return layout
  }

  /// The concrete buffer, or nil when nothing uses it.
  fileprivate func resolve(
    _ buffer: BufferTemplate, _ selection: Selection, _ trained: AtomSet, _ lifetime: ClosedRange<Int>?,
    loss: Int
  ) -> Buffer? {
    guard let layout = layout(of: buffer, selection, trained) else { return nil }
    var category = buffer.category
    if buffer.content == .transient {
      guard let lifetime else { return nil }
      // Forward's own tensors count as saved once backward reads them.
      let isForward = lifetime.lowerBound < loss && category == .temporaries
      if isForward && lifetime.upperBound > loss { category = .activations }
    }
    return Buffer(
      name: buffer.name, category: category, content: buffer.content, rows: layout.rows,
      columns: layout.columns, rowKind: buffer.rows, format: layout.format,
      isTransposed: layout.isTransposed, rounding: layout.rounding,
      storage: layout.isMapped ? .mapped : residence == .arena ? .arena(offset: 0) : .heap,
      lifetime: buffer.isStatic ? nil : lifetime)
  }
}
