import Graph

/// An update of one tensor part, and the gradient it waits for.
struct DeferredUpdate {
  /// The operator that the part belongs to.
  let index: Int
  let part: ParameterPart
  let gradient: BufferID
  /// Of a table, what names the row of every token.
  let ids: OperandRole?
}

extension Lowering {
  /// Updates at once, or later where gradients must wait for each other.
  mutating func finish(_ update: DeferredUpdate) {
    if recipe.defersUpdates { deferred.append(update) } else { emit(update, rows: tokenRows(update)) }
  }

  /// What waited: norms of all gradients first, where they are clipped, then all updates.
  mutating func emitDeferredUpdates() {
    let rows = deferred.map { tokenRows($0) }
    if recipe.maximumGradientNorm != nil {
      for (update, rows) in zip(deferred, rows) { emitNorm(update, rows: rows) }
    }
    for (update, rows) in zip(deferred, rows) { emit(update, rows: rows) }
  }

  /// Tokens sorted by row of a table: where each row's begin, and the tokens in order.
  private typealias TokenRows = (starts: BufferID, order: BufferID)

  private mutating func tokenRows(_ update: DeferredUpdate) -> TokenRows? {
    guard let ids = update.ids else { return nil }
    let parameter = graph.parameters[update.part.parameter]
    let starts = transient("\(parameter.name).starts", .fixed(1), .fixed(parameter.shape[0] + 1), .workspace)
    let order = transient("\(parameter.name).order", .fixed(1), .batchTokens, .workspace)
    emit(
      .tokenIndex, update.index, recipe.defersUpdates ? .update : .backward,
      detail: "\(shortNames[parameter.id]).index",
      [read(.ids, inputs[ids]), write(.starts, starts), write(.order, order)])
    return (starts, order)
  }

  private mutating func emitNorm(_ update: DeferredUpdate, rows: TokenRows?) {
    guard let norm = inputs[.squaredNorm] else { return }
    let name = shortNames[update.part.parameter]
    emit(
      rows == nil ? .squaredNorm : .squaredNormOfTable, update.index, .update, side: update.part.side,
      root: update.part.root, detail: "\(name).norm",
      [
        read(.gradient, update.gradient), read(.starts, rows?.starts), read(.order, rows?.order),
        rows.map { _ in tableScratch(update) }, write(.squaredNorm, norm, .readWrite),
      ])
  }

  private mutating func emit(_ update: DeferredUpdate, rows: TokenRows?) {
    guard let weight = weights[update.part], let states = states[update.part] else { return }
    let parameter = graph.parameters[update.part.parameter]
    let decay = parameter.role.decays
    emit(
      rows == nil ? .update(decay: decay) : .updateEmbedding(decay: decay), update.index, .update,
      side: update.part.side, root: update.part.root, detail: "\(shortNames[parameter.id]).update",
      [
        write(.weight, weight, .readWrite), read(.gradient, update.gradient), read(.starts, rows?.starts),
        read(.order, rows?.order), read(.squaredNorm, inputs[.squaredNorm]),
        rows == nil ? updateScratch(update) : tableScratch(update),
      ] + states.enumerated().map { write(.state($0.offset), $0.element, .readWrite) })
  }

  /// Scratch of an optimizer that needs some: Adafactor sums a tensor's columns.
  private mutating func updateScratch(_ update: DeferredUpdate) -> KernelTemplate.Operand? {
    guard recipe.optimizer == .adafactor else { return nil }
    let parameter = graph.parameters[update.part.parameter]
    return write(.workspace, workspace("\(parameter.name).update", floats: parameter.shape.last ?? 1))
  }

  /// A thread gathers one row of a table's gradient at a time; Adafactor has another for sums.
  private mutating func tableScratch(_ update: DeferredUpdate) -> KernelTemplate.Operand {
    let rows = recipe.optimizer == .adafactor ? 2 : 1
    return write(
      .workspace,
      workspace(graph.parameters[update.part.parameter].name, floats: rows * graph.configuration.embeddingSize))
  }
}
