import Graph

/// What backward reads of forward: the tensors that were saved, or those that are brought back.
extension Lowering {
  /// What an operator's backward reads in place of a forward value: its layer's second one, if it ran again, or else the saved one.
  mutating func saved(_ value: ValueID, for index: Int) -> BufferID? {
    if let replay, let producer = producers[value],
      graph.operators[producer].layer == graph.operators[index].layer
    {
      return replay.values[value]
    }
    return saved(value)
  }

  /// The saved tensor that holds a forward value, or what brings it back.
  ///
  /// The embeddings follow the first layer's policy; the head's tensors are few and small.
  mutating func saved(_ value: ValueID) -> BufferID? {
    guard let producer = producers[value], graph.values[value].rows == .tokens,
      recipe.saving[graph.operators[producer].layer ?? 0] == .cheap
    else { return forward.values[value] }
    if let buffer = rebuilt[value] { return buffer }
    let buffer: BufferID
    switch graph.operators[producer].operation {
    case .norm(let scale, let shift, _, _, _, _):
      buffer = newBuffer(for: value, suffix: ".again")
      emit(
        .normRebuild, producer, .recompute, detail: "rebuild",
        [
          read(.normalised, forward.norms[producer]?.normalised), read(.weight, weight(scale)),
          read(.bias, weight(shift)), write(.output, buffer),
        ])
    case .dropout(let site, let input, _):
      let source = saved(input)
      buffer = newBuffer(for: value, suffix: ".again")
      emit(
        .dropout(site), producer, .recompute, detail: "again",
        [read(.input, source), write(.output, buffer)])
    case .attention:
      // Its inputs are what was saved of this layer, which its own backward reads next.
      var environment = forward
      emitForward(producer, into: &environment, phase: .recompute)
      guard let again = environment.values[value] else { return nil }
      buffer = again
    default: return forward.values[value]
    }
    rebuilt[value] = buffer
    return buffer
  }

  /// A learner slice's activation: the saved one, or computed again from its input.
  mutating func activation(
    _ index: Int, layer: Int, _ kind: Activation, before: BufferID, after: BufferID
  ) -> BufferID {
    guard recipe.saving[layer] == .cheap else { return after }
    let name = "\(graph.operators[index].name).\(NodeSide.learners.rawValue)"
    let activated = transient("\(name).after.again", .tokens, .nodes(layer: layer, .learners))
    emit(
      .activation(kind), index, .recompute, side: .learners, detail: "activation.learners.again",
      [read(.input, before), write(.output, activated)])
    return activated
  }
}
