import Graph

extension Lowering {
  mutating func emitBackward(_ index: Int) {
    let operation = graph.operators[index].operation
    guard let output = operation.output, let gradient = gradients[output] else { return }
    switch operation {
    case .embedding(let word, let position, let type, _):
      let whole = gradientOfBatch(index, gradient)
      emitTableUpdate(index, table: word, ids: .ids, whole)
      emitTableUpdate(index, table: position, ids: .positions, whole)
      if let type { emitTableUpdate(index, table: type, ids: .types, whole) }

    case .norm(let scale, let shift, let residual, let branch, let dropout, _):
      emitNormBackward(
        index, scale: scale, shift: shift, residual: residual, branch: branch, dropout: dropout, gradient)

    case .dropout(let site, let input, _):
      emit(
        .dropout(site), index, .backward, detail: "backward",
        [read(.input, gradient), addToGradient(of: input)])

    case .linear(let linear, let input, _):
      emit(
        .linearInputGradient, index, .backward, detail: "input-gradient",
        [
          read(.gradient, gradient), read(.weight, weight(linear.weight)), addToGradient(of: input),
        ])
      emitWeightUpdate(
        index, linear.weight, gradient: gradient, input: saved(input, for: index), transposed: false)
      emitBiasUpdate(index, linear.bias, gradient: gradient)

    case .attention(let heads, let query, let key, let value, let dropout, _):
      let scratch = workspace(
        graph.operators[index].name + ".backward",
        floats: Self.attentionWorkspace(sequence: recipe.sequence, backward: true))
      emit(
        .attentionBackward(heads: heads, dropout), index, .backward, detail: "backward",
        [
          read(.query, saved(query, for: index)), read(.key, saved(key, for: index)),
          read(.value, saved(value, for: index), feeds: [.queryGradient, .keyGradient]),
          read(.gradient, gradient), read(.offsets, inputs[.offsets]),
          write(.workspace, scratch),
          addToGradient(of: query, role: .queryGradient), addToGradient(of: key, role: .keyGradient),
          addToGradient(of: value, role: .valueGradient),
        ])

    case .feedForward(let layer, let up, let down, let kind, let input, _):
      emitFeedForwardBackward(
        index, layer: layer, up: up, down: down, kind: kind, input: input, gradient)

    case .activation(let kind, let input, let output):
      let reference = kind == .tanh ? output : input
      emit(
        .activationBackward(kind), index, .backward, detail: "backward",
        [read(.input, saved(reference, for: index)), write(.gradient, gradient, .readWrite)])
      gradients[input] = gradient

    case .firstToken(let input, _):
      emit(
        .firstTokenBackward, index, .backward, detail: "backward",
        [read(.gradient, gradient), read(.offsets, inputs[.offsets]), addToGradient(of: input, role: .output)])

    case .loss: break
    }
  }

  /// The operand through which a kernel contributes to a value's gradient.
  private mutating func addToGradient(
    of value: ValueID, role: OperandRole = .output
  ) -> KernelTemplate.Operand {
    let buffer = gradients[value] ?? newBuffer(for: value, prefix: "grad.")
    gradients[value] = buffer
    return write(role, buffer, .accumulate)
  }

  // MARK: Rules of more than one kernel

  private mutating func emitNormBackward(
    _ index: Int, scale: ParameterID, shift: ParameterID, residual: ValueID?, branch: ValueID,
    dropout: DropoutSite, _ gradient: BufferID
  ) {
    let environment = replay ?? forward
    let norm = environment.norms[index]
    emitBiasUpdate(index, shift, gradient: gradient)
    let scaleGradient = parameterGradient(scale)
    emit(
      .normScaleGradient, index, .backward, detail: "scale-gradient",
      [
        read(.gradient, gradient), read(.normalised, norm?.normalised),
        write(.output, scaleGradient, parameterAccess),
      ])
    emit(
      .normBackward, index, .backward, detail: "backward",
      [
        read(.normalised, norm?.normalised), read(.deviation, norm?.deviation), read(.weight, weight(scale)),
        write(.gradient, gradient, .readWrite),
      ])
    // After the input gradient, which reads the old scale.
    emitUpdate(index, part: ParameterPart(parameter: scale, side: nil, layer: nil), gradient: scaleGradient)
    guard let residual else {
      gradients[branch] = gradient
      return
    }
    // The branch gets a buffer of its own even without dropout: the residual's goes on accumulating.
    emit(
      .dropout(dropout), index, .backward, detail: "branch",
      [read(.input, gradient), addToGradient(of: branch)])
    precondition(gradients[residual] == nil, "a LayerNorm is the last reader of its residual")
    gradients[residual] = gradient
  }

  private mutating func emitFeedForwardBackward(
    _ index: Int, layer: Int, up: LinearParameters, down: LinearParameters, kind: Activation,
    input: ValueID, _ gradient: BufferID
  ) {
    let environment = replay ?? forward
    for side in NodeSide.allCases {
      guard let (before, after) = environment.nodes[index]?[side] else { continue }
      let name = side.rawValue
      // What the second matrix's gradient reads is gone before the nodes' gradient, as large, exists; its update waits for both.
      let weightGradient =
        side == .learners
        ? emitWeightGradient(
          index, down.weight, side: side, gradient: gradient,
          input: activation(index, layer: layer, kind, before: before, after: after), transposed: true) : nil
      let nodeGradient = transient(
        "grad.\(graph.operators[index].name).\(name)", .tokens, .nodes(layer: layer, side))
      emit(
        .linearInputGradient, index, .backward, side: side, detail: "down.\(name).input-gradient",
        [
          read(.gradient, gradient), read(.weight, weight(down.weight, side: side)),
          write(.output, nodeGradient, .accumulate),
        ])
      if let weightGradient {
        emitUpdate(
          index, part: ParameterPart(parameter: down.weight, side: side, layer: layer),
          gradient: weightGradient)
      }
      emit(
        .activationBackward(kind), index, .backward, side: side, detail: "activation.\(name).backward",
        [read(.input, before), write(.gradient, nodeGradient, .readWrite)])
      emit(
        .linearInputGradient, index, .backward, side: side, detail: "up.\(name).input-gradient",
        [
          read(.gradient, nodeGradient), read(.weight, weight(up.weight, side: side)), addToGradient(of: input),
        ])
      if side == .learners {
        emitWeightUpdate(
          index, up.weight, side: side, layer: layer, gradient: nodeGradient, input: saved(input, for: index),
          transposed: false)
      }
      emitBiasUpdate(index, up.bias, side: side, layer: layer, gradient: nodeGradient)
    }
    emitBiasUpdate(index, down.bias, gradient: gradient)
  }

  private mutating func emitWeightUpdate(
    _ index: Int, _ parameter: ParameterID, side: NodeSide? = nil, layer: Int? = nil, gradient: BufferID,
    input: BufferID?, transposed: Bool
  ) {
    let target = emitWeightGradient(
      index, parameter, side: side, gradient: gradient, input: input, transposed: transposed)
    emitUpdate(
      index, part: ParameterPart(parameter: parameter, side: side, layer: layer), gradient: target)
  }

  private mutating func emitWeightGradient(
    _ index: Int, _ parameter: ParameterID, side: NodeSide?, gradient: BufferID, input: BufferID?,
    transposed: Bool
  ) -> BufferID {
    let target = parameterGradient(parameter, side: side)
    emit(
      .linearWeightGradient(transposed: transposed), index, .backward, side: side,
      detail: "\(shortNames[parameter]).gradient",
      [read(.gradient, gradient), read(.input, input), write(.output, target, parameterAccess)])
    return target
  }

  private mutating func emitBiasUpdate(
    _ index: Int, _ parameter: ParameterID, side: NodeSide? = nil, layer: Int? = nil, gradient: BufferID
  ) {
    let target = parameterGradient(parameter, side: side)
    emit(
      .columnSum, index, .backward, side: side, detail: "\(shortNames[parameter]).gradient",
      [read(.input, gradient), write(.output, target, parameterAccess)])
    emitUpdate(
      index, part: ParameterPart(parameter: parameter, side: side, layer: layer), gradient: target)
  }

  private mutating func emitUpdate(_ index: Int, part: ParameterPart, gradient: BufferID) {
    finish(DeferredUpdate(index: index, part: part, gradient: gradient, ids: nil))
  }

  private mutating func emitTableUpdate(
    _ index: Int, table: ParameterID, ids: OperandRole, _ gradient: BufferID
  ) {
    let part = ParameterPart(parameter: table, side: nil, layer: nil)
    finish(DeferredUpdate(index: index, part: part, gradient: gradient, ids: ids))
  }

  /// How a parameter's gradient is written.
  private var parameterAccess: Access { recipe.accumulation > 1 ? .accumulateOverBatch : .write }

  private mutating func parameterGradient(_ parameter: ParameterID, side: NodeSide? = nil) -> BufferID {
    let part = graph.part(of: parameter, side: side)
    let (rows, columns) = graph.shape(of: part)
    let name = graph.parameters[parameter].name + (side.map { ".\($0.rawValue)" } ?? "")
    return transient("grad.\(name)", rows, columns, .gradients, persists: recipe.accumulation > 1)
  }

  /// The gradient of the embeddings' sum for all tokens of the batch, from which tables are updated without a gradient of their size.
  private mutating func gradientOfBatch(_ index: Int, _ gradient: BufferID) -> BufferID {
    guard recipe.accumulation > 1 else { return gradient }
    let whole = transient(
      "grad.embeddings.batch", .batchTokens, .fixed(graph.configuration.embeddingSize), .gradients,
      persists: true)
    emit(
      .keepTokens, index, .backward, detail: "keep",
      [read(.input, gradient), write(.output, whole, .accumulateOverBatch)])
    return whole
  }
}
