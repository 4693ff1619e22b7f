import Graph
import Steps

extension PyTorchLowering {
  mutating func emitBackward(_ index: Int) {
    let operation = graph.operators[index].operation
    guard let output = operation.output, let gradient = gradients[output] else { return }
    let record = replay ?? forward
    switch operation {
    case .embedding(let word, let position, let type, _):
      emitTableGradients(index, word, position, type, gradient)

    case .norm(let scale, let shift, let residual, let branch, let site, _):
      let inner = emitNormBackward(index, scale, shift, gradient, record)
      // The sum's gradient is both addends', one tensor.
      if let residual { gradients[residual] = inner }
      gradients[branch] = emitDropoutBackward(index, site, inner, of: branch, record)

    case .dropout(let site, let input, _):
      gradients[input] = emitDropoutBackward(index, site, gradient, of: input, record)

    case .linear(let linear, let input, _):
      emitCopy(index, gradient)
      let pending = emitInputGradient(index, gradient, linear.weight, of: input)
      emitPartGradient(
        index, .linearWeightGradient(transposed: false), graph.part(of: linear.weight, side: nil),
        [read(.gradient, gradient), read(.input, record.values[input] ?? forward.values[input])])
      emitPartGradient(
        index, .columnSum, graph.part(of: linear.bias, side: nil), [read(.input, gradient)])
      accumulate(index, pending, into: input)

    case .attention:
      emitAttentionBackward(index, gradient)

    case .feedForward(let layer, let up, let down, let kind, let input, _):
      emitFeedForwardBackward(index, layer, up, down, kind, input, gradient, record)

    case .activation(let kind, let input, _):
      let result = tensor(for: input, "grad.")
      emit(
        .activationBackward(kind), index, .backward, detail: "backward",
        [
          read(.gradient, gradient),
          read(.input, record.values[kind == .tanh || kind == .relu ? output : input]),
          write(.output, result),
        ])
      gradients[input] = result

    case .firstToken(let input, _):
      let result = tensor(for: input, "grad.")
      emit(
        .elementwise("select_backward"), index, .backward, detail: "backward",
        [read(.gradient, gradient), write(.output, result)])
      gradients[input] = result

    case .loss: break
    }
  }

  /// A projection's gradient, copied from where heads lie outside tokens.
  private mutating func emitCopy(_ index: Int, _ gradient: BufferID) {
    guard let source = pendingCopies.removeValue(forKey: gradient) else { return }
    emit(
      .elementwise("clone"), index, .backward, detail: "copy",
      [read(.input, source), write(.output, gradient)])
  }

  private mutating func emitDropoutBackward(
    _ index: Int, _ site: DropoutSite, _ gradient: BufferID, of input: ValueID, _ record: Record
  ) -> BufferID {
    guard site.probability > 0 else { return gradient }
    let result = tensor(for: input, "grad.")
    emit(
      .dropout(site), index, .backward, detail: "dropout.backward",
      [read(.gradient, gradient), read(.input, record.masks[index]), write(.output, result)])
    return result
  }

  /// Saves its input and statistics whichever of its three gradients is needed.
  private mutating func emitNormBackward(
    _ index: Int, _ scale: ParameterID, _ shift: ParameterID, _ gradient: BufferID, _ record: Record
  ) -> BufferID {
    guard let norm = record.norms[index] else { return gradient }
    let saved = [hold(norm.input), hold(norm.mean), hold(norm.deviation)]
    let columns = Dimension.fixed(graph.parameters[scale].count)
    // Partial sums of the two vectors, one each a thread.
    let partial = tensor("\(graph.operators[index].name).partial", .fixed(2 * recipe.threads), columns)
    emitPartGradient(
      index, .columnSum, graph.part(of: shift, side: nil), [read(.gradient, gradient)] + saved)
    emitPartGradient(
      index, .normScaleGradient, graph.part(of: scale, side: nil),
      [read(.gradient, gradient), make(partial)] + saved)
    let result = like(gradient, "grad.\(graph.operators[index].name).input")
    emit(
      .normBackward, index, .backward, detail: "backward",
      [read(.gradient, gradient), read(.weight, weight(scale)), write(.output, result)] + saved)
    return result
  }

  private mutating func emitFeedForwardBackward(
    _ index: Int, _ layer: Int, _ up: LinearParameters, _ down: LinearParameters, _ kind: Activation,
    _ input: ValueID, _ gradient: BufferID, _ record: Record
  ) {
    let sides = [NodeSide.frozen, .learners]
    var inner: [NodeSide: BufferID] = [:]
    for side in sides {
      guard let nodes = record.nodes[index]?[side] else { continue }
      let result = like(nodes.after, "grad.\(graph.operators[index].name).\(side.rawValue)")
      emit(
        .linearInputGradient, index, .backward, sides: [side], detail: "down.\(side.rawValue).input-gradient",
        [
          read(.gradient, gradient), read(.weight, weight(down.weight, side: side)), write(.output, result),
        ])
      if side == .learners {
        emitPartGradient(
          index, .linearWeightGradient(transposed: false), graph.part(of: down.weight, side: side),
          [read(.gradient, gradient), read(.input, nodes.after)])
      }
      inner[side] = result
    }
    emitPartGradient(
      index, .columnSum, graph.part(of: down.bias, side: nil), [read(.input, gradient)])
    for side in sides {
      guard let nodes = record.nodes[index]?[side], let after = inner[side] else { continue }
      let result = like(after, "grad.\(graph.operators[index].name).\(side.rawValue).before")
      emit(
        .activationBackward(kind), index, .backward, sides: [side],
        detail: "activation.\(side.rawValue).backward",
        [
          read(.gradient, after), read(.input, kind == .tanh || kind == .relu ? nodes.after : nodes.before),
          write(.output, result),
        ])
      inner[side] = result
    }
    for side in sides {
      guard let before = inner[side] else { continue }
      let pending = emitInputGradient(index, before, up.weight, side: side, of: input)
      if side == .learners {
        emitPartGradient(
          index, .linearWeightGradient(transposed: false), graph.part(of: up.weight, side: side),
          [read(.gradient, before), read(.input, record.values[input] ?? forward.values[input])])
      }
      emitPartGradient(
        index, .columnSum, graph.part(of: up.bias, side: side), [read(.input, before)])
      accumulate(index, pending, into: input, side: side)
    }
  }

  /// Dense gradients, each of a whole table.
  private mutating func emitTableGradients(
    _ index: Int, _ word: ParameterID, _ position: ParameterID, _ type: ParameterID?, _ gradient: BufferID
  ) {
    var places = gradient
    if !hasOwnPositions {
      places = tensor(
        "grad.embeddings.positions", .fixed(recipe.sequence), .fixed(graph.configuration.embeddingSize))
      emit(
        .elementwise("sum"), index, .backward, detail: "positions.sum",
        [read(.input, gradient), write(.output, places)])
    }
    let tables: [(ParameterID?, BufferID, BufferID?, Bool)] = [
      (position, places, forward.positions ?? inputs[.positions], false),
      (type, gradient, inputs[.types], true), (word, gradient, inputs[.ids], false),
    ]
    for case (let table?, let source, let ids, let copies) in tables {
      // Sorted row numbers on CUDA; a copy of an expanded view on a CPU.
      let count = device == .cuda ? 2 : copies ? 1 : 0
      let scratch =
        count > 0
        ? tensor("\(graph.parameters[table].name).ids", .fixed(count), .tokens, .integers, .workspace) : nil
      emitPartGradient(
        index, .elementwise("embedding_dense_backward"), graph.part(of: table, side: nil),
        [read(.gradient, source), read(.ids, ids), scratch.map(make)])
    }
  }

  // MARK: Building blocks

  /// A linear layer's contribution to its input's gradient: the gradient itself where it is the first, else what is yet to be added.
  private mutating func emitInputGradient(
    _ index: Int, _ gradient: BufferID, _ parameter: ParameterID, side: NodeSide? = nil, of input: ValueID
  ) -> BufferID? {
    let result = tensor(for: input, "grad.")
    let isFirst = gradients[input] == nil
    emit(
      .linearInputGradient, index, .backward, sides: side.map { [$0] } ?? [],
      detail: "\(side.map { "up.\($0.rawValue)." } ?? "")input-gradient",
      [read(.gradient, gradient), read(.weight, weight(parameter, side: side)), write(.output, result)])
    if isFirst { gradients[input] = result }
    return isFirst ? nil : result
  }

  /// Adds in place once the node that made it is done.
  private mutating func accumulate(
    _ index: Int, _ pending: BufferID?, into value: ValueID, side: NodeSide? = nil
  ) {
    guard let pending, let target = gradients[value] else { return }
    emit(
      .elementwise("accumulate"), index, .backward, sides: side.map { [$0] } ?? [], detail: "accumulate",
      [read(.input, pending), write(.output, target, .accumulate)])
  }

  /// The gradient of a tensor or of a part of one: taken over as it is, or added to what earlier micro-batches left.
  private mutating func emitPartGradient(
    _ index: Int, _ operation: KernelOperation, _ part: ParameterPart, _ operands: [KernelTemplate.Operand?]
  ) {
    let (rows, columns) = graph.shape(of: part)
    let name = "grad.\(name(of: part))"
    let sides = part.side.map { [$0] } ?? []
    let isAccumulated = recipe.accumulation > 1
    let gradient = tensor(name, rows, columns, nil, .gradients, persists: isAccumulated)
    partGradients.append((index, part, gradient))
    let result = isAccumulated ? tensor(name + ".part", rows, columns) : gradient
    emit(
      operation, index, .backward, sides: sides, detail: "\(graph.parameters[part.parameter].role).gradient",
      operands + [write(.output, result)])
    guard isAccumulated else { return }
    emit(
      .elementwise("accumulate"), index, .backward, sides: sides, detail: "accumulate",
      [read(.input, result), write(.output, gradient, .accumulateOverBatch)])
  }
}
