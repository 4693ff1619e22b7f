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
      let side = kernel.side.map { side in
        kernel.layer.map { template.nodes(side, layer: $0, selection) } ?? 0
      }
      guard side != 0 else { continue }
      let operands = zip(kernel.operands, template.needs[index])
        .filter { sizes[$0.buffer] > 0 && !$1.isDisjoint(with: active) }.map(\.0)
      if !operands.isEmpty { survivors.append((index, operands)) }
    }

    var lifetimes: [BufferID: ClosedRange<Int>] = [:]
    for (position, survivor) in survivors.enumerated() {
      for operand in survivor.operands {
        lifetimes[operand.buffer] = (lifetimes[operand.buffer]?.lowerBound ?? position)...position
      }
    }
    let loss = survivors.firstIndex { template.kernels[$0.origin].phase == .loss } ?? survivors.count

    var renumbered: [BufferID: BufferID] = [:]
    for (id, buffer) in template.buffers.enumerated() where sizes[id] > 0 {
      guard let buffer = template.resolve(buffer, selection, trained, lifetimes[id], loss: loss) else {
        continue
      }
      renumbered[id] = buffers.count
      buffers.append(buffer)
    }

    var written = Set<BufferID>()
    for (origin, operands) in survivors {
      let kernel = template.kernels[origin]
      kernels.append(
        Kernel(
          operation: kernel.operation, name: kernel.name, layer: kernel.layer, phase: kernel.phase,
          origin: origin,
          operands: operands.compactMap { operand in
            guard let buffer = renumbered[operand.buffer] else { return nil }
            let first = operand.access.writes && written.insert(buffer).inserted
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

  /// Whether a part is held in the arena rather than read in place.
  ///
  /// It is when it trains, when its tensor is split, and when it belongs to the head, which a pretrained checkpoint need not
  /// hold.
  public func isResident(_ part: ParameterPart, _ active: AtomSet, _ selection: Selection) -> Bool {
    if trains(part, active) || graph.parameters[part.parameter].isHead { return true }
    guard let layer = part.layer else { return false }
    return (1..<graph.configuration.feedForwardSize).contains(selection.retained[layer])
  }

  /// The concrete buffer, or nil when nothing uses it.
  fileprivate func resolve(
    _ buffer: BufferTemplate, _ selection: Selection, _ trained: AtomSet, _ lifetime: ClosedRange<Int>?,
    loss: Int
  ) -> Buffer? {
    let nodes = graph.configuration.feedForwardSize
    var rows = buffer.rows.resolved(recipe, retained: selection.retained, nodes: nodes)
    var columns = buffer.columns.resolved(recipe, retained: selection.retained, nodes: nodes)
    var storage = Buffer.Storage.arena(offset: 0)
    var isTransposed = false
    var category = buffer.category
    switch buffer.content {
    case .parameter(let part):
      let parameter = graph.parameters[part.parameter]
      if isResident(part, trained, selection) {
        isTransposed = parameter.nodeAxis == 1
      } else {
        storage = .mapped
        if parameter.shape.count == 2 { (rows, columns) = (parameter.shape[0], parameter.shape[1]) }
      }
    case .state(let part, _):
      if !trains(part, trained) { return nil }
    case .input: break
    case .transient:
      guard let lifetime else { return nil }
      // Forward's own tensors count as saved once backward reads them.
      let isForward = lifetime.lowerBound < loss && category == .temporaries
      if isForward && lifetime.upperBound > loss { category = .activations }
    }
    return Buffer(
      name: buffer.name, category: category, content: buffer.content, rows: rows, columns: columns,
      rowKind: buffer.rows, isTransposed: isTransposed, storage: storage,
      lifetime: buffer.isStatic ? nil : lifetime)
  }
}
