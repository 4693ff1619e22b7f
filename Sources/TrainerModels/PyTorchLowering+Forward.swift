import Graph
import Steps

extension PyTorchLowering {
  /// One operator of the graph as transformers computes it
  /// (https://github.com/huggingface/transformers/tree/v5.23.0/src/transformers/models, `modeling_*.py`).
  mutating func emitForward(_ index: Int, into record: inout Record, phase: Phase) {
    let name = graph.operators[index].name
    switch graph.operators[index].operation {
    case .embedding(let word, let position, let type, let output):
      record.values[output] = emitLookups(index, word, position, type, output, &record, phase)

    case .norm(let scale, let shift, let residual, let branch, let dropout, let output):
      emitNorm(index, scale, shift, residual, branch, dropout, output, &record, phase)

    case .dropout(let site, let input, let output):
      guard let source = record.values[input] else { return }
      let isEmbeddings = graph.operators[index].layer == nil && !record.locals.isEmpty
      record.values[output] = emitDropout(
        index, site, source, &record, phase, holding: isEmbeddings ? record.locals : [])
      if isEmbeddings { record.locals = [] }

    case .linear(let linear, let input, let output):
      let result = tensor(for: output)
      emit(
        .linear, index, phase,
        [
          read(.input, record.values[input]), read(.weight, weight(linear.weight)),
          read(.bias, weight(linear.bias)), write(.output, result), make(result),
        ] + record.innerLocals.map(hold))
      record.innerLocals = []
      record.values[output] = result

    case .attention:
      emitAttention(index, into: &record, phase: phase)

    case .feedForward(let layer, let up, let down, let kind, let input, let output):
      emitFeedForward(
        index, layer: layer, up: up, down: down, kind, record.values[input], output, &record, phase)

    case .activation(let kind, let input, let output):
      let result = tensor(for: output)
      emit(
        .elementwise(kind.rawValue), index, phase,
        [read(.input, record.values[input]), write(.output, result), make(result)])
      record.values[output] = result

    case .firstToken(let input, let output):
      // A view: whoever saves it saves every token.
      record.values[output] = record.values[input]

    case .loss(let problem, let logits):
      let last = graph.operators.last { $0.layer != nil }?.operation.output
      let gradient = tensor(for: logits, "grad.")
      let scratch = tensor("\(name).log-probabilities", rows(logits), .fixed(2 * graph.values[logits].columns))
      emit(
        .loss(problem), index, .loss, root: .always,
        [
          read(.input, record.values[logits]), read(.labels, inputs[.labels]),
          inputs[.loss].map { write(.loss, $0) }, write(.output, gradient), make(scratch),
          hold(last.flatMap { record.values[$0] }),
        ])
      gradients[logits] = gradient
    }
  }

  func rows(_ value: ValueID) -> Dimension { graph.values[value].rows == .tokens ? .tokens : .sequences }

  /// Positions are looked up once for all sequences, except in RoBERTa, which counts each one's own.
  var hasOwnPositions: Bool { graph.configuration.family.firstPosition > 0 }

  private mutating func emitLookups(
    _ index: Int, _ word: ParameterID, _ position: ParameterID, _ type: ParameterID?, _ output: ValueID,
    _ record: inout Record, _ phase: Phase
  ) -> BufferID {
    let columns = graph.values[output].columns
    func lookup(
      _ name: String, _ table: ParameterID, _ ids: BufferID?, rows: Dimension, scratch: Bool = false
    ) -> BufferID {
      let result = tensor("embeddings.\(name)", rows, .fixed(columns))
      // Numbers that are an expanded view are copied to be looked up.
      let copy = scratch ? tensor("embeddings.\(name).ids", .fixed(1), .tokens, .integers) : nil
      emit(
        .embedding, index, phase, detail: name,
        [
          read(.ids, ids), read(.weight, weight(table)), write(.output, result), make(result),
          copy.map(make),
        ])
      return result
    }
    func sum(_ first: BufferID, _ second: BufferID, _ name: String) -> BufferID {
      let result = tensor(name, .tokens, .fixed(columns))
      emit(
        .elementwise("add"), index, phase, detail: "add",
        [read(.input, first), read(.residual, second), write(.output, result), make(result)])
      return result
    }
    if hasOwnPositions {
      let positions = tensor("embeddings.position-ids", .fixed(1), .tokens, .integers)
      emit(
        .elementwise("cumsum"), index, phase, detail: "position-ids",
        [read(.ids, inputs[.ids]), write(.output, positions), make(positions)])
      record.positions = positions
    }
    let words = lookup("words", word, inputs[.ids], rows: .tokens)
    var total = words
    var locals = [words]
    if let type {
      let types = lookup("types", type, inputs[.types], rows: .tokens, scratch: true)
      locals.append(types)
      total = sum(total, types, "embeddings.words-types")
    }
    let places = lookup(
      "positions", position, record.positions ?? inputs[.positions],
      rows: hasOwnPositions ? .tokens : .fixed(recipe.sequence))
    total = sum(total, places, "embeddings.sum")
    record.locals = locals + [places]
    return total
  }

  /// `noise = bernoulli; result = input · noise` on a CPU, where the mask is as wide as the numbers; on CUDA one kernel with
  /// a mask of a byte an element (`dropout` in ATen/native/Dropout.cpp).
  mutating func emitDropout(
    _ index: Int, _ site: DropoutSite, _ input: BufferID, _ record: inout Record, _ phase: Phase,
    holding locals: [BufferID] = []
  ) -> BufferID {
    guard site.probability > 0 else { return input }
    let name = graph.operators[index].name
    let mask = like(input, "\(name).mask", device == .cuda ? .booleans : nil)
    let result = like(input, "\(name).dropped")
    emit(
      .dropout(site), index, phase, detail: "dropout",
      [read(.input, input), write(.output, result), make(result), make(mask)] + locals.map(hold))
    record.masks[index] = mask
    return result
  }

  private mutating func emitNorm(
    _ index: Int, _ scale: ParameterID, _ shift: ParameterID, _ residual: ValueID?, _ branch: ValueID,
    _ site: DropoutSite, _ output: ValueID, _ record: inout Record, _ phase: Phase
  ) {
    guard let branchOutput = record.values[branch] else { return }
    let dropped = emitDropout(index, site, branchOutput, &record, phase)
    var input = dropped
    let skipped = residual.flatMap { record.values[$0] }
    if graph.operators[index].layer != nil, record.embeddings == nil { record.embeddings = skipped }
    if let skipped {
      input = like(dropped, "\(graph.values[output].name).sum")
      emit(
        .elementwise("add"), index, phase, detail: "add",
        [read(.input, dropped), read(.residual, skipped), write(.output, input), make(input)]
          + record.innerLocals.map(hold))
    }
    let result = tensor(for: output)
    let mean = tensor("\(graph.values[output].name).mean", .fixed(1), .tokens, .float32)
    let deviation = tensor("\(graph.values[output].name).deviation", .fixed(1), .tokens, .float32)
    // The layer's function returns with its second norm, and lets go of everything.
    let isLast = graph.groups[graph.parameters[scale].group].kind == .outputNorm
    var held = [dropped] + record.innerLocals
    if isLast {
      held += record.locals + [skipped, phase == .forward ? record.embeddings : nil].compactMap { $0 }
    }
    emit(
      .normForward(site, epsilon: graph.configuration.layerNormEpsilon), index, phase,
      [
        read(.input, input), read(.weight, weight(scale)), read(.bias, weight(shift)), write(.output, result),
        make(result), write(.normalised, mean), make(mean), write(.deviation, deviation), make(deviation),
      ] + held.map(hold))
    record.innerLocals = []
    if isLast { record.locals = [] } else if let skipped { record.locals = [skipped] }
    record.norms[index] = (input, mean, deviation)
    record.values[output] = result
  }

  /// Whole, or as the two slices that an export splits it into (`SplitUp`, `SplitActivation`, `SplitDown`).
  private mutating func emitFeedForward(
    _ index: Int, layer: Int, up: LinearParameters, down: LinearParameters, _ kind: Activation,
    _ input: BufferID?, _ output: ValueID, _ record: inout Record, _ phase: Phase
  ) {
    let result = tensor(for: output)
    var nodes: [NodeSide: (before: BufferID, after: BufferID)] = [:]
    let sides = NodeSide.allCases
    for side in sides {
      let name = "\(graph.operators[index].name).\(side.rawValue)"
      let before = tensor("\(name).before", .tokens, .nodes(layer: layer, side))
      emit(
        .linear, index, phase, sides: [side], detail: "up.\(side.rawValue)",
        [
          read(.input, input), read(.weight, weight(up.weight, side: side)),
          read(.bias, weight(up.bias, side: side)), write(.output, before), make(before),
        ])
      nodes[side] = (before, tensor("\(name).after", .tokens, .nodes(layer: layer, side)))
    }
    for side in sides {
      guard let (before, after) = nodes[side] else { continue }
      // Both slices' inputs are one tuple, which lives until both are done.
      emit(
        .elementwise(kind.rawValue), index, phase, sides: [side], detail: "activation.\(side.rawValue)",
        [read(.input, before), write(.output, after), make(after)]
          + sides.compactMap { hold(nodes[$0]?.before) })
    }
    let activated = sides.compactMap { nodes[$0]?.after }
    for side in sides {
      emit(
        .linear, index, phase, sides: [side], detail: "down.\(side.rawValue)",
        [
          read(.input, nodes[side]?.after), read(.weight, weight(down.weight, side: side)),
          read(.bias, weight(down.bias)), write(.output, result, .accumulate),
        ] + activated.map(hold))
    }
    let sum = tensor(for: output, "slices.")
    let other = tensor(for: output, "slice.")
    emit(
      .elementwise("add"), index, phase, sides: sides, detail: "add",
      [write(.output, result, .readWrite), make(sum), make(other)] + activated.map(hold))
    // BERT's layer keeps the activation in a variable until it returns; DistilBERT's reuses the variable.
    if graph.configuration.family != .distilbert { record.locals += activated }
    record.nodes[index] = nodes
    record.values[output] = result
  }
}
