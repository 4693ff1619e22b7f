import Graph

extension Lowering {
  /// Scratch of the attention kernels: per thread a tile of query rows by S keys, for probabilities and their gradient.
  ///
  /// The tile height is the kernels' own constant.
  static let attentionTile = 64

  static func attentionWorkspace(sequence: Int, backward: Bool) -> Int {
    // Each tile in whole cache lines, so that threads do not share one.
    let tile = Bytes.aligned(min(attentionTile, sequence) * sequence * Bytes.element) / Bytes.element
    return tile * (backward ? 2 : 1)
  }

  mutating func emitForward(_ index: Int, into environment: inout Environment, phase: Phase) {
    let suffix = phase == .recompute ? ".again" : ""
    func operand(_ role: OperandRole, _ value: ValueID) -> KernelTemplate.Operand? {
      read(role, environment.values[value])
    }
    switch graph.operators[index].operation {
    case .embedding(let word, let position, let type, let output):
      let result = newBuffer(for: output, suffix: suffix)
      emit(
        .embedding, index, phase,
        [
          read(.ids, inputs[.ids]), read(.positions, inputs[.positions]),
          type.flatMap { _ in read(.types, inputs[.types]) }, read(.weight, weight(word)),
          read(.weight2, weight(position)), type.flatMap { read(.weight3, weight($0)) },
          write(.output, result),
        ])
      environment.values[output] = result

    case .norm(let scale, let shift, let residual, let branch, let dropout, let output):
      let columns = Dimension.fixed(graph.values[output].columns)
      let name = graph.values[output].name
      let result = newBuffer(for: output, suffix: suffix)
      let normalised = transient("\(name).normalised\(suffix)", .tokens, columns)
      let deviation = transient("\(name).deviation\(suffix)", .fixed(1), .tokens)
      emit(
        .normForward(dropout, epsilon: graph.configuration.layerNormEpsilon), index, phase,
        [
          residual.flatMap { operand(.residual, $0) }, operand(.input, branch),
          read(.weight, weight(scale), feeds: [.output]), read(.bias, weight(shift), feeds: [.output]),
          write(.output, result), write(.normalised, normalised), write(.deviation, deviation),
        ])
      environment.values[output] = result
      environment.norms[index] = (normalised, deviation)

    case .dropout(let site, let input, let output):
      let result = newBuffer(for: output, suffix: suffix)
      emit(.dropout(site), index, phase, [operand(.input, input), write(.output, result)])
      environment.values[output] = result

    case .linear(let linear, let input, let output):
      let result = newBuffer(for: output, suffix: suffix)
      emit(
        .linear, index, phase,
        [
          operand(.input, input), read(.weight, weight(linear.weight)), read(.bias, weight(linear.bias)),
          write(.output, result),
        ])
      environment.values[output] = result

    case .attention(let heads, let query, let key, let value, let dropout, let output):
      let result = newBuffer(for: output, suffix: suffix)
      let scratch = workspace(
        graph.operators[index].name,
        floats: Self.attentionWorkspace(sequence: recipe.sequence, backward: false))
      emit(
        .attention(heads: heads, dropout), index, phase,
        [
          operand(.query, query), operand(.key, key), operand(.value, value),
          read(.offsets, inputs[.offsets]), write(.workspace, scratch), write(.output, result),
        ])
      environment.values[output] = result

    case .feedForward(let layer, let up, let down, let kind, let input, let output):
      let result = newBuffer(for: output, suffix: suffix)
      environment.nodes[index] = [:]
      for side in NodeSide.allCases {
        let nodes = Dimension.nodes(layer: layer, side)
        let name = "\(graph.operators[index].name).\(side.rawValue)"
        let before = transient("\(name).before\(suffix)", .tokens, nodes)
        let after = transient("\(name).after\(suffix)", .tokens, nodes)
        emit(
          .linear, index, phase, side: side, detail: "up.\(side.rawValue)",
          [
            operand(.input, input), read(.weight, weight(up.weight, side: side)),
            read(.bias, weight(up.bias, side: side)),
            write(.output, before),
          ])
        emit(
          .activation(kind), index, phase, side: side, detail: "activation.\(side.rawValue)",
          [read(.input, before), write(.output, after)])
        emit(
          .linear, index, phase, side: side, detail: "down.\(side.rawValue)",
          [
            read(.input, after), read(.weight, weight(down.weight, side: side)),
            read(.bias, weight(down.bias)),
            write(.output, result, .accumulate),
          ])
        environment.nodes[index]?[side] = (before, after)
      }
      environment.values[output] = result

    case .activation(let kind, let input, let output):
      let result = newBuffer(for: output, suffix: suffix)
      emit(.activation(kind), index, phase, [operand(.input, input), write(.output, result)])
      environment.values[output] = result

    case .firstToken(let input, let output):
      let result = newBuffer(for: output, suffix: suffix)
      emit(
        .firstToken, index, phase,
        [operand(.input, input), read(.offsets, inputs[.offsets]), write(.output, result)])
      environment.values[output] = result

    case .loss(let problem, let logits):
      guard let loss = inputs[.loss] else { preconditionFailure("the loss buffer is declared first") }
      let gradient = newBuffer(for: logits, prefix: "grad.")
      emit(
        .loss(problem), index, .loss, root: .always,
        [
          operand(.input, logits), read(.labels, inputs[.labels]),
          problem == .span ? read(.offsets, inputs[.offsets]) : nil, write(.loss, loss),
          write(.output, gradient),
        ])
      gradients[logits] = gradient
    }
  }
}
