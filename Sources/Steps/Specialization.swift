import Graph

/// What a selection leaves of a template: the kernels whose results are needed and the buffers they touch.
struct Specialization {
  private(set) var kernels: [Kernel] = []
  private(set) var buffers: [Buffer] = []

  init(template: StepTemplate, selection: Selection, extent: TrainingStep.Extent) {
    let active =
      extent == .training ? template.atoms.active(selection) : template.atoms.set(.always)
    let trained = template.atoms.active(selection)
    let layouts = template.buffers.map { template.layout(of: $0, selection, trained) }
    let holds = template.conditions.map { !$0.isDisjoint(with: active) }

    // Few arrays, and none by dictionary: planning specializes a template thousands of times. Operands of all kernels are one list, and keep
    // their template's buffers until these are numbered anew.
    var used: [Kernel.Operand] = []
    var survivors: [(origin: Int, operands: Range<Int>)] = []
    for (index, kernel) in template.kernels.enumerated() {
      let hasNodes = kernel.sides.allSatisfy { side in
        kernel.layer.map { template.nodes(side, layer: $0, selection) > 0 } ?? false
      }
      guard hasNodes else { continue }
      let first = used.count
      for (operand, need) in zip(kernel.operands, template.needs[index])
      where holds[need] && layouts[operand.buffer] != nil {
        used.append(Kernel.Operand(role: operand.role, buffer: operand.buffer, access: operand.access))
      }
      if used.count > first { survivors.append((index, first..<used.count)) }
    }

    let count = template.buffers.count
    var lifetimes = [ClosedRange<Int>?](repeating: nil, count: count)
    for (position, survivor) in survivors.enumerated() {
      for operand in used[survivor.operands] {
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
      guard let layout = layouts[id],
        var buffer = Buffer(buffer, layout, template.residence, lifetimes[id], loss: loss)
      else { continue }
      buffer.predecessor = predecessors[id].flatMap { renumbered[$0] }
      renumbered[id] = buffers.count
      buffers.append(buffer)
    }

    var written = [Bool](repeating: false, count: buffers.count)
    kernels.reserveCapacity(survivors.count)
    for (origin, operands) in survivors {
      kernels.append(
        Kernel(
          template: template.kernels[origin], origin: origin,
          operands: used[operands].map { operand in
            guard let buffer = renumbered[operand.buffer] else {
              preconditionFailure("a buffer that is laid out and used is there")
            }
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

  /// Whether a part of a tensor is updated.
  public func trains(_ part: ParameterPart, _ active: AtomSet) -> Bool {
    atoms.holds(part.root, in: active)
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
}

extension Buffer {
  /// The concrete buffer, or nil when nothing uses it.
  fileprivate init?(
    _ template: BufferTemplate, _ layout: StepTemplate.Layout, _ residence: Residence,
    _ lifetime: ClosedRange<Int>?, loss: Int
  ) {
    var category = template.category
    if !template.isStatic {
      guard let lifetime else { return nil }
      // Forward's own tensors count as saved once backward reads them.
      let isForward = lifetime.lowerBound < loss && category == .temporaries
      if isForward && lifetime.upperBound > loss { category = .activations }
    }
    self.init(
      name: template.name, category: category, content: template.content, rows: layout.rows,
      columns: layout.columns, rowKind: template.rows, format: layout.format,
      isTransposed: layout.isTransposed, rounding: layout.rounding,
      storage: layout.isMapped ? .mapped : residence == .arena ? .arena(offset: 0) : .heap,
      lifetime: template.isStatic ? nil : lifetime)
  }
}
