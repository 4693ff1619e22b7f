import Graph
import Steps

extension PyTorchLowering {
  var updateLoop: PyTorchOptions.UpdateLoop {
    options.updateLoop ?? (device == .cuda ? .foreach : .forLoop)
  }

  /// Updates in two groups, tensors that decay and the others, as the Trainer of transformers has them; then all gradients are let go.
  ///
  /// Temporaries follow https://github.com/pytorch/pytorch/blob/main/torch/optim/adamw.py and sgd.py.
  mutating func emitUpdates() {
    // Parameters are listed in the model's order, gradients come in backward's.
    let ordered = partGradients.sorted {
      ($0.part.parameter, order($0.part)) < ($1.part.parameter, order($1.part))
    }
    for decays in [true, false] {
      let group = ordered.filter { graph.parameters[$0.part.parameter].role.decays == decays }
      switch updateLoop {
      case .fused:
        for (index, part, gradient) in group { emitUpdate(index, part, gradient, decays, []) }
      case .foreach:
        // AdamW's denominators, or SGD's gradients with decay, of the whole group at once.
        let count = recipe.optimizer == .adamw || decays ? 1 : 0
        var temporaries: [[BufferID]] = []
        for (index, part, gradient) in group {
          let made = scratch(part, count)
          emit(
            .elementwise("foreach"), index, .update, root: part.root,
            detail: "\(shortName(part)).temporary", [read(.gradient, gradient)] + made.map(make))
          temporaries.append(made)
        }
        for ((index, part, gradient), made) in zip(group, temporaries) {
          emitUpdate(index, part, gradient, decays, made.map { hold($0) })
        }
      case .forLoop:
        // AdamW's denominator takes two, and a tensor's is let go only when the next one's is there: followed where one
        // decision trains both, as a feed-forward pair's matrices, which are the largest.
        var last: (root: Atom, denominator: BufferID)?
        for (index, part, gradient) in group {
          let made = scratch(part, recipe.optimizer == .adamw ? 2 : decays ? 1 : 0)
          let previous = last.flatMap { $0.root == part.root ? hold($0.denominator) : nil }
          emitUpdate(index, part, gradient, decays, made.map(make) + [previous])
          last = recipe.optimizer == .adamw ? made.first.map { (part.root, $0) } : nil
        }
      }
    }
    for (index, part, gradient) in ordered {
      emit(
        .elementwise("zero_grad"), index, .update, root: part.root,
        detail: "\(shortName(part)).zero-grad", [hold(gradient)])
    }
  }

  private func order(_ part: ParameterPart) -> Int { part.side == .frozen ? 1 : 0 }

  /// The last two components of a tensor's name, and the part: `lin1.weight.learners`.
  private func shortName(_ part: ParameterPart) -> String {
    let components =
      graph.parameters[part.parameter].name.split(separator: ".").suffix(2)
      + [part.side?.rawValue[...]].compactMap { $0 }
    return components.joined(separator: ".")
  }

  private mutating func scratch(_ part: ParameterPart, _ count: Int) -> [BufferID] {
    let (rows, columns) = graph.shape(of: part)
    return (0..<count).map { _ in tensor("\(name(of: part)).temporary", rows, columns) }
  }

  private mutating func emitUpdate(
    _ index: Int, _ part: ParameterPart, _ gradient: BufferID, _ decays: Bool,
    _ operands: [KernelTemplate.Operand?]
  ) {
    guard let weight = weights[part], let states = states[part] else { return }
    emit(
      .update(decay: decays), index, .update, root: part.root, detail: "\(shortName(part)).update",
      [write(.weight, weight, .readWrite), read(.gradient, gradient)]
        + states.enumerated().map { write(.state($0.offset), $0.element, .readWrite) } + operands)
  }
}
