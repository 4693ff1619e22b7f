import Graph
import Steps

/// One tensor as a trainer has it, and what the plan wants of it.
public struct TrainerTensor: Hashable, Sendable {
  /// In the trainer's own naming.
  public let name: String
  public let parameter: ParameterID
  /// Scalars in all, and those that the plan trains.
  public let count, wanted: Int
}

/// How a tensor that trains in part becomes several that train whole or not at all.
public enum NodeSplitting: Sendable {
  /// The Python module's surgery: each linear layer of the pair becomes a `learner` and a `frozen` one.
  case modules
  /// Each tensor that lies along the nodes becomes two: `weight.learner`, `weight.frozen`.
  case tensors
}

extension NodeSplitting {
  /// The tensors that a parameter becomes where its layer trains `retained` of `nodes` nodes.
  func parts(of name: String, _ parameter: Parameter, _ selection: Selection, retained: Int, nodes: Int)
    -> [TrainerTensor]
  {
    let perNode = parameter.count / nodes
    let learner = perNode * retained
    // A first bias may train whole beside the learners.
    let isWhole = selection.trainable.contains(parameter.id)
    return [
      TrainerTensor(name: self.name(name, "learner"), parameter: parameter.id, count: learner, wanted: learner),
      TrainerTensor(
        name: self.name(name, "frozen"), parameter: parameter.id, count: parameter.count - learner,
        wanted: isWhole ? parameter.count - learner : 0),
    ]
  }

  /// `lin1.weight` becomes `lin1.learner.weight` or `lin1.weight.learner`.
  func name(_ name: String, _ part: String) -> String {
    switch self {
    case .tensors: return "\(name).\(part)"
    case .modules:
      let components = name.split(separator: ".")
      return (components.dropLast().map(String.init) + [part] + components.suffix(1).map(String.init))
        .joined(separator: ".")
    }
  }
}
