import Checkpoints
import Graph
import Steps
import Units

/// The models known by name.
public struct ModelListReport: Report {
  public struct Entry: Encodable, Sendable {
    public let name: String
    public let repository: String
    public let source: String
    public let family: ModelFamily
    public let layers: Int
    public let hiddenSize: Int
    public let feedForwardSize: Int
    public let heads: Int
    /// Columns of the embedding tables.
    public let embeddingSize: Int
    public let vocabularySize: Int
    /// In tokens.
    public let longestSequence: Int
    /// With a head for two classes.
    public let parameters: Int
    /// As F32.
    public let weightBytes: Int
  }

  public let models: [Entry]

  public init(_ entries: [ModelCatalogue.Entry]) {
    models = entries.map { entry in
      let c = entry.encoder
      let parameters = EncoderGraph(c).parameterCount
      return Entry(
        name: entry.shortName, repository: entry.name, source: entry.source, family: c.family,
        layers: c.layerCount, hiddenSize: c.hiddenSize, feedForwardSize: c.feedForwardSize, heads: c.headCount,
        embeddingSize: c.embeddingSize, vocabularySize: c.vocabularySize, longestSequence: c.longestSequence,
        parameters: parameters, weightBytes: parameters * Bytes.element)
    }
  }

  public func text(_ style: TextStyle) -> String {
    var table = Table([
      .left("model"), .right("layers"), .right("hidden"), .right("ff"), .right("parameters"), .right("F32"),
    ])
    var family: ModelFamily?
    for model in models {
      if model.family != family { table.append([Table.Cell(model.family.displayName, .heading)]) }
      family = model.family
      table.append([
        "  \(model.name)", "\(model.layers)", "\(model.hiddenSize)", "\(model.feedForwardSize)",
        Table.Cell(Quantity.count(model.parameters)), Table.Cell(ByteCount.format(model.weightBytes)),
      ])
    }
    return table.text(style) + style.paragraph("Parameters include a head for two classes.", tone: .quiet)
  }
}

/// One model's parameter groups and their sizes.
public struct ModelReport: Report {
  public struct Group: Encodable, Sendable {
    public let name: String
    public let layer: Int?
    public let parameters: Int
    public let weightBytes: Int
    public let tensors: [Tensor]
  }

  public struct Tensor: Encodable, Sendable {
    public let name: String
    public let shape: [Int]
  }

  public let name: String
  public let identity: String
  public let configuration: EncoderConfiguration
  /// Where its files are; nil for a shape of the catalogue.
  public let directory: String?
  public let parameters: Int
  public let weightBytes: Int
  public let groups: [Group]

  public init(_ model: Model) {
    let graph = model.graph
    name = model.displayName
    identity = model.identity
    configuration = graph.configuration
    directory = model.directory?.path
    parameters = graph.parameterCount
    weightBytes = graph.parameterCount * Bytes.element
    groups = graph.groups.map { group in
      let tensors = group.parameters.map { graph.parameters[$0] }
      let count = tensors.reduce(0) { $0 + $1.count }
      return Group(
        name: group.name, layer: group.layer, parameters: count, weightBytes: count * Bytes.element,
        tensors: tensors.map { Tensor(name: graph.qualifiedName($0), shape: $0.shape) })
    }
  }

  public func text(_ style: TextStyle) -> String {
    let c = configuration
    let head =
      switch c.problem {
      case .classification(let labels): "a head for \(labels) class\(labels == 1 ? "" : "es")"
      case .regression: "a head for one number"
      case .multiLabel(let labels): "a head for any of \(Quantity.count(labels, of: "label"))"
      case .span: "a head for answers' spans"
      }
    var text = style.apply(.heading, to: name) + "\n"
    text += style.paragraph(
      "\(c.family.displayName), \(Quantity.count(c.layerCount, of: "layer")), hidden size \(c.hiddenSize), feed-forward size "
        + "\(c.feedForwardSize), \(Quantity.count(c.headCount, of: "attention head")), "
        + (c.embeddingSize == c.hiddenSize ? "" : "embedding size \(c.embeddingSize), ")
        + "\(Quantity.count(c.vocabularySize)) tokens, sequences of up to \(c.longestSequence), \(head)")
    if let directory { text += style.paragraph("in \(directory)") }
    var table = Table([.left("group"), .prose("shapes"), .right("parameters"), .right("F32")])
    // All layers are alike; the first stands for them.
    for group in groups where (group.layer ?? 0) == 0 {
      let name = group.layer == nil ? group.name : group.name.replacing("layer.0.", with: "layer.*.")
      let shapes = group.tensors.map { "[" + $0.shape.map { "\($0)" }.joined(separator: "×") + "]" }
      table.append([
        Table.Cell(name), Table.Cell(shapes.joined(separator: " ")),
        Table.Cell(Quantity.count(group.parameters)),
        Table.Cell(ByteCount.format(group.weightBytes)),
      ])
    }
    let layer = groups.filter { $0.layer == 0 }.reduce(0) { $0 + $1.parameters }
    table.append([
      "each layer.*", "", Table.Cell(Quantity.count(layer)),
      Table.Cell(ByteCount.format(layer * Bytes.element)),
    ])
    table.append([
      "all", "", Table.Cell(Quantity.count(parameters)), Table.Cell(ByteCount.format(weightBytes)),
    ])
    return text + "\n" + table.text(style)
  }
}
