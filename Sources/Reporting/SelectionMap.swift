import Graph
import Steps

/// What trains, as a map of layers by groups.
struct SelectionMap {
  private let graph: EncoderGraph
  private let selection: Selection

  init(_ graph: EncoderGraph, _ selection: Selection) {
    self.graph = graph
    self.selection = selection
  }

  /// The layers from the last, where backward begins, to the embeddings, where it seldom arrives.
  func text(_ style: TextStyle) -> String {
    let kinds = graph.groups(inLayer: 0).map(\.kind)
    var table = Table([.left("layer")] + kinds.map { .left($0.label) })
    for layer in (0..<graph.configuration.layerCount).reversed() {
      table.append([Table.Cell("\(layer)")] + graph.groups(inLayer: layer).map(cell))
    }
    let outside = graph.groups(inLayer: nil)
    return line("above", outside.filter { !$0.kind.isEmbedding }, style) + table.text(style)
      + line("below", outside.filter(\.kind.isEmbedding), style)
  }

  private func line(_ name: String, _ groups: [ParameterGroup], _ style: TextStyle) -> String {
    let parts = groups.map { "\($0.kind.label) \(state(of: $0))" }
    return style.paragraph(([name + "  "] + [parts.joined(separator: ", ")]).joined())
  }

  private func cell(_ group: ParameterGroup) -> Table.Cell {
    let state = state(of: group)
    return Table.Cell(state, state == Self.frozen ? .quiet : .good)
  }

  static let frozen = "·"

  /// `full`, `bias` (its additive terms), a percentage of the feed-forward nodes, `part`, or a point for frozen.
  func state(of group: ParameterGroup) -> String {
    let parameters = group.parameters.map { graph.parameters[$0] }
    let trained = parameters.map { selection.trainedCount($0, of: graph) }
    if trained.allSatisfy({ $0 == 0 }) { return Self.frozen }
    if zip(parameters, trained).allSatisfy({ $0.count == $1 }) { return "full" }
    if group.kind == .feedForward, let layer = group.layer, selection.retained[layer] > 0 {
      let share = 100 * Double(selection.retained[layer]) / Double(graph.configuration.feedForwardSize)
      return "\(Int(share.rounded())) %"
    }
    let additive = zip(parameters, trained).allSatisfy { $1 == ($0.role.isAdditive ? $0.count : 0) }
    return additive ? "bias" : "part"
  }
}
