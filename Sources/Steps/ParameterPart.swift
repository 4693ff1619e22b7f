import Graph

/// A parameter tensor, or the part of it that one side's nodes make up.
public struct ParameterPart: Hashable, Sendable {
  public let parameter: ParameterID
  /// nil where the tensor is not split by node.
  public let side: NodeSide?
  public let layer: Int?

  package init(parameter: ParameterID, side: NodeSide?, layer: Int?) {
    self.parameter = parameter
    self.side = side
    self.layer = layer
  }

  /// The decision that makes it train: learners train with their layer's retention, anything else when its whole tensor does.
  package var root: Atom {
    if side == .learners, let layer { return .learners(layer: layer) }
    return .parameter(parameter)
  }
}

extension EncoderGraph {
  /// A tensor as one part, or as its learners' and its frozen nodes' parts.
  package func parts(of parameter: Parameter) -> [ParameterPart] {
    guard parameter.nodeAxis != nil else {
      return [ParameterPart(parameter: parameter.id, side: nil, layer: nil)]
    }
    return NodeSide.allCases.map { part(of: parameter.id, side: $0) }
  }

  /// The part that one side's nodes make up, or the whole tensor.
  package func part(of parameter: ParameterID, side: NodeSide?) -> ParameterPart {
    ParameterPart(
      parameter: parameter, side: side,
      layer: side == nil ? nil : groups[parameters[parameter].group].layer)
  }

  /// Split parts keep nodes as rows, so that learners are contiguous whichever axis they lie on in the checkpoint.
  package func shape(of part: ParameterPart) -> (rows: Dimension, columns: Dimension) {
    let parameter = parameters[part.parameter]
    let isVector = parameter.shape.count == 1
    guard let side = part.side, let layer = part.layer else {
      return isVector
        ? (.fixed(1), .fixed(parameter.shape[0])) : (.fixed(parameter.shape[0]), .fixed(parameter.shape[1]))
    }
    let nodes = Dimension.nodes(layer: layer, side)
    return isVector ? (.fixed(1), nodes) : (nodes, .fixed(configuration.hiddenSize))
  }
}
