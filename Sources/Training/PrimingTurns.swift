import Graph
import Steps

/// What one run of priming trains beside the head.
public struct PrimingTurn: Sendable, Equatable {
  public var selection: Selection
  /// The nodes trained, by layer.
  public var nodes: [Range<Int>]

  /// The head alone, which trains in every turn: a fresh one passes no useful gradient on.
  public static func head(_ graph: EncoderGraph) -> PrimingTurn {
    var selection = Selection.frozen(graph)
    selection.trainable.formUnion(graph.group(.head)?.parameters ?? [])
    return PrimingTurn(
      selection: selection, nodes: Array(repeating: 0..<0, count: graph.configuration.layerCount))
  }
}

/// Everything of a model but its head, cut into runs that each fit.
///
/// Tensors are taken in the graph's order, feed-forward pairs node by node, and each turn is as long as fits, found by bisection.
public struct PrimingTurns: Sendable, Equatable {
  public private(set) var turns: [PrimingTurn] = []
  /// Tensors, and nodes of a layer, that do not fit even alone.
  public private(set) var unscored: [String] = []

  /// A tensor, or the nodes of a feed-forward pair.
  private enum Piece {
    case tensor(ParameterID)
    case nodes(layer: Int)
  }

  /// - Parameter fits: whether a run that trains so much fits.
  public init(_ graph: EncoderGraph, fits: (PrimingTurn) -> Bool) {
    var pieces: [(piece: Piece, name: String, range: Range<Int>)] = []
    var end = 0
    func append(_ piece: Piece, _ name: String, _ count: Int) {
      pieces.append((piece, name, end..<end + count))
      end += count
    }
    for parameter in graph.parameters where graph.groups[parameter.group].kind != .head {
      guard parameter.nodeAxis != nil, let layer = graph.groups[parameter.group].layer else {
        append(.tensor(parameter.id), parameter.name, 1)
        continue
      }
      // The first matrix stands for its bias and the second matrix too.
      guard parameter.nodeAxis == 0, parameter.isSplitByNode else { continue }
      append(.nodes(layer: layer), "layer \(layer)'s nodes", graph.configuration.feedForwardSize)
    }
    func turn(_ range: Range<Int>) -> PrimingTurn {
      var turn = PrimingTurn.head(graph)
      for (piece, _, place) in pieces where place.overlaps(range) {
        switch piece {
        case .tensor(let id): turn.selection.trainable.insert(id)
        case .nodes(let layer):
          let taken = place.clamped(to: range)
          turn.nodes[layer] = taken.lowerBound - place.lowerBound..<taken.upperBound - place.lowerBound
          turn.selection.retained[layer] = taken.count
        }
      }
      return turn
    }
    var start = 0
    while start < end {
      var fitting = start
      if fits(turn(start..<end)) {
        fitting = end
      } else {
        var failing = end
        while failing - fitting > 1 {
          let middle = (fitting + failing) / 2
          if fits(turn(start..<middle)) { fitting = middle } else { failing = middle }
        }
      }
      if fitting > start {
        turns.append(turn(start..<fitting))
        start = fitting
      } else if let piece = pieces.first(where: { $0.range.contains(start) }) {
        unscored.append(piece.name)
        start = piece.range.upperBound
      }
    }
  }
}
