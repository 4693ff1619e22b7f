/// An encoder with its task head as tensors, groups and operators: the one description everything else reads.
///
/// Shapes and order of operations follow the papers that `ModelFamily` names, and transformers' `modeling_*.py` where
/// they leave a choice, such as where dropout stands; tensor names follow the published checkpoints.
public struct EncoderGraph: Sendable {
  public let configuration: EncoderConfiguration
  public private(set) var parameters: [Parameter] = []
  public private(set) var groups: [ParameterGroup] = []
  public private(set) var values: [Value] = []
  public private(set) var operators: [PlacedOperator] = []

  public init(_ configuration: EncoderConfiguration) {
    self.configuration = configuration
    var dropoutSites = 0
    func site(_ probability: Double) -> DropoutSite {
      defer { dropoutSites += 1 }
      return DropoutSite(site: dropoutSites, probability: probability)
    }
    var x = appendEmbeddings(dropout: site)
    for layer in 0..<configuration.layerCount { x = appendLayer(layer, input: x, dropout: site) }
    appendHead(input: x, dropout: site)
  }

  /// All parameters, the head's included.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

  /// Groups of a layer in execution order; nil gives those outside the stack.
  public func groups(inLayer layer: Int?) -> [ParameterGroup] { groups.filter { $0.layer == layer } }

  /// The indices of a layer's operators and the values that they read from outside of it, each in order.
  public func operators(inLayer layer: Int) -> (indices: [Int], inputs: [ValueID]) {
    let indices = operators.indices.filter { operators[$0].layer == layer }
    let made = Set(indices.compactMap { operators[$0].operation.output })
    return (indices, Set(indices.flatMap { operators[$0].operation.inputs }).subtracting(made).sorted())
  }

  public func group(_ kind: GroupKind, layer: Int? = nil) -> ParameterGroup? {
    groups.first { $0.kind == kind && $0.layer == layer }
  }

  /// The full name in a task model's checkpoint: the family's prefix, except on the head.
  public func qualifiedName(_ parameter: Parameter) -> String {
    parameter.isHead ? parameter.name : configuration.family.namePrefix + parameter.name
  }

  /// The name without the family's prefix, for looking up names from any checkpoint.
  public func canonicalName(_ name: String) -> String {
    let prefix = configuration.family.namePrefix
    return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
  }
}

extension EncoderGraph {
  private typealias MakeSite = (Double) -> DropoutSite

  private mutating func appendEmbeddings(dropout site: MakeSite) -> ValueID {
    let c = configuration
    let word = table(.wordEmbeddings, "embeddings.word_embeddings", rows: c.vocabularySize)
    let position = table(.positionEmbeddings, "embeddings.position_embeddings", rows: c.maximumPositions)
    let type =
      c.typeVocabularySize > 0
      ? table(.typeEmbeddings, "embeddings.token_type_embeddings", rows: c.typeVocabularySize) : nil
    let sum = value("embeddings.sum", .tokens, c.embeddingSize)
    append(.embedding(word: word, position: position, type: type, output: sum), nil, "embeddings.lookup")
    let normed = norm(
      .embeddingNorm, "embeddings.LayerNorm", layer: nil, residual: nil, branch: sum,
      dropout: site(0), name: "embeddings.norm")
    let output = value("embeddings.output", .tokens, c.embeddingSize)
    append(.dropout(site(c.hiddenDropout), input: normed, output: output), nil, "embeddings.dropout")
    guard c.embeddingSize != c.hiddenSize else { return output }
    return linear(
      newGroup(.embeddingProjection, layer: nil), "embeddings_project", layer: nil, input: output,
      outputs: c.hiddenSize)
  }

  private mutating func appendLayer(_ layer: Int, input: ValueID, dropout site: MakeSite) -> ValueID {
    let c = configuration
    let names = LayerNames(family: c.family, layer: layer)
    let query = linear(.query, names.query, layer: layer, input: input, outputs: c.hiddenSize)
    let key = linear(.key, names.key, layer: layer, input: input, outputs: c.hiddenSize)
    let valueProjection = linear(.value, names.value, layer: layer, input: input, outputs: c.hiddenSize)
    let context = value("layer.\(layer).context", .tokens, c.hiddenSize)
    append(
      .attention(
        heads: c.headCount, query: query, key: key, value: valueProjection,
        dropout: site(c.attentionDropout), output: context), layer, "layer.\(layer).attention")
    let attended = linear(
      .attentionOutput, names.attentionOutput, layer: layer, input: context, outputs: c.hiddenSize)
    // DistilBERT drops nothing here (`TransformerBlock` in transformers' modeling_distilbert.py).
    let middle = norm(
      .attentionNorm, names.attentionNorm, layer: layer, residual: input, branch: attended,
      dropout: site(c.family == .distilbert ? 0 : c.hiddenDropout), name: "layer.\(layer).attention-norm")

    let group = newGroup(.feedForward, layer: layer)
    let up = linearParameters(
      names.up, group, inputs: c.hiddenSize, outputs: c.feedForwardSize, nodes: .outputs)
    let down = linearParameters(
      names.down, group, inputs: c.feedForwardSize, outputs: c.hiddenSize, nodes: .inputs)
    let fed = value("layer.\(layer).feed-forward", .tokens, c.hiddenSize)
    append(
      .feedForward(layer: layer, up: up, down: down, activation: c.activation, input: middle, output: fed),
      layer, "layer.\(layer).feed-forward")
    return norm(
      .outputNorm, names.outputNorm, layer: layer, residual: middle, branch: fed,
      dropout: site(c.hiddenDropout), name: "layer.\(layer).output-norm")
  }

  /// The heads of transformers' `…ForSequenceClassification` and `…ForQuestionAnswering`.
  private mutating func appendHead(input: ValueID, dropout site: MakeSite) {
    let problem = configuration.problem
    let logits: ValueID
    if problem == .span {
      logits = linear(
        newGroup(.head, layer: nil), "qa_outputs", layer: nil,
        input: configuration.family == .distilbert ? dropped(input, site) : input, outputs: problem.outputs,
        isHead: true)
    } else {
      logits = appendSequenceHead(input: input, dropout: site)
    }
    append(.loss(problem, logits: logits), nil, "loss")
  }

  /// Dense layer, nonlinearity and classifier over the first token.
  private mutating func appendSequenceHead(input: ValueID, dropout site: MakeSite) -> ValueID {
    let c = configuration
    let names = HeadNames(family: c.family)
    var first = value("head.first-token", .sequences, c.hiddenSize)
    append(.firstToken(input: input, output: first), nil, "head.first-token")
    if names.dropsFirst { first = dropped(first, site, name: "head.first-token.dropped") }
    let group = newGroup(names.isPooled ? .pooler : .head, layer: nil)
    let dense = linear(
      group, names.dense, layer: nil, input: first, outputs: c.hiddenSize, isHead: !names.isPooled)
    let activated = value("head.pooled", .sequences, c.hiddenSize)
    append(.activation(names.activation, input: dense, output: activated), nil, "head.activation")
    let head = names.isPooled ? newGroup(.head, layer: nil) : group
    return linear(
      head, names.output, layer: nil, input: dropped(activated, site), outputs: c.problem.outputs, isHead: true)
  }

  private mutating func dropped(
    _ input: ValueID, _ site: MakeSite, name: String = "head.dropped"
  ) -> ValueID {
    let output = value(name, values[input].rows, values[input].columns)
    append(
      .dropout(site(configuration.classifierDropout), input: input, output: output), nil,
      name == "head.dropped" ? "head.dropout" : "head.input-dropout")
    return output
  }

  // MARK: Building blocks

  private mutating func value(_ name: String, _ rows: Value.Rows, _ columns: Int) -> ValueID {
    values.append(Value(name: name, rows: rows, columns: columns))
    return values.count - 1
  }

  private mutating func append(_ operation: Operator, _ layer: Int?, _ name: String) {
    operators.append(PlacedOperator(operation: operation, layer: layer, name: name))
  }

  private mutating func newGroup(_ kind: GroupKind, layer: Int?) -> Int {
    groups.append(ParameterGroup(id: groups.count, kind: kind, layer: layer, parameters: []))
    return groups.count - 1
  }

  private mutating func parameter(
    _ name: String, _ shape: [Int], _ role: ParameterRole, _ group: Int, nodeAxis: Int? = nil,
    isHead: Bool = false
  ) -> ParameterID {
    let id = parameters.count
    parameters.append(
      Parameter(
        id: id, name: name, shape: shape, role: role, group: group, nodeAxis: nodeAxis, isHead: isHead))
    groups[group].parameters.append(id)
    return id
  }

  private mutating func table(_ kind: GroupKind, _ name: String, rows: Int) -> ParameterID {
    parameter(
      name + ".weight", [rows, configuration.embeddingSize], .embedding, newGroup(kind, layer: nil))
  }

  private enum NodeSide { case outputs, inputs }

  private mutating func linearParameters(
    _ name: String, _ group: Int, inputs: Int, outputs: Int, nodes: NodeSide? = nil, isHead: Bool = false
  ) -> LinearParameters {
    LinearParameters(
      weight: parameter(
        name + ".weight", [outputs, inputs], .weight, group,
        nodeAxis: nodes.map { $0 == .outputs ? 0 : 1 }, isHead: isHead),
      bias: parameter(
        name + ".bias", [outputs], .bias, group, nodeAxis: nodes == .outputs ? 0 : nil, isHead: isHead))
  }

  private mutating func linear(
    _ group: Int, _ name: String, layer: Int?, input: ValueID, outputs: Int, isHead: Bool = false
  ) -> ValueID {
    let parameters = linearParameters(
      name, group, inputs: values[input].columns, outputs: outputs, isHead: isHead)
    let isDense = groups[group].kind == .head && name == HeadNames(family: configuration.family).dense
    let label = isDense ? "head.dense" : groups[group].name
    let output = value(label, values[input].rows, outputs)
    append(.linear(parameters, input: input, output: output), layer, label)
    return output
  }

  private mutating func linear(
    _ kind: GroupKind, _ name: String, layer: Int, input: ValueID, outputs: Int
  ) -> ValueID {
    linear(newGroup(kind, layer: layer), name, layer: layer, input: input, outputs: outputs)
  }

  private mutating func norm(
    _ kind: GroupKind, _ name: String, layer: Int?, residual: ValueID?, branch: ValueID,
    dropout: DropoutSite, name label: String
  ) -> ValueID {
    let group = newGroup(kind, layer: layer)
    let columns = values[branch].columns
    let scale = parameter(name + ".weight", [columns], .normScale, group)
    let shift = parameter(name + ".bias", [columns], .normShift, group)
    let output = value(label, .tokens, columns)
    append(
      .norm(
        scale: scale, shift: shift, residual: residual, branch: branch, dropout: dropout, output: output),
      layer, label)
    return output
  }
}
