import Graph

/// Turns a graph into the kernels of one training step: forward, loss, then backward with updates in it.
struct Lowering {
  let graph: EncoderGraph
  let recipe: Recipe
  private(set) var buffers: [BufferTemplate] = []
  private(set) var kernels: [KernelTemplate] = []

  /// Where forward left what backward may read; a recomputed layer has a second one.
  struct Environment {
    var values: [ValueID: BufferID] = [:]
    /// Normalised input and reciprocal deviation, by operator.
    var norms: [Int: (normalised: BufferID, deviation: BufferID)] = [:]
    /// Input and output of the activation, by operator and side.
    var nodes: [Int: [NodeSide: (before: BufferID, after: BufferID)]] = [:]
  }

  private(set) var forward = Environment()
  /// The environment of the layer whose backward is being lowered, when it was recomputed.
  private(set) var replay: Environment?
  /// LayerNorm outputs brought back during this layer's backward.
  var rebuilt: [ValueID: BufferID] = [:]
  var gradients: [ValueID: BufferID] = [:]
  private(set) var weights: [ParameterPart: BufferID] = [:]
  private(set) var states: [ParameterPart: [BufferID]] = [:]
  private(set) var inputs: [OperandRole: BufferID] = [:]
  /// Updates that wait until all gradients are there.
  var deferred: [DeferredUpdate] = []
  /// Which operator defines each value.
  let producers: [ValueID: Int]
  /// By parameter, the last two components of its name: `query.weight`.
  let shortNames: [String]

  init(graph: EncoderGraph, recipe: Recipe) {
    self.graph = graph
    self.recipe = recipe
    producers = Dictionary(
      uniqueKeysWithValues: graph.operators.enumerated().compactMap { index, placed in
        placed.operation.output.map { ($0, index) }
      })
    shortNames = graph.parameters.map { $0.name.split(separator: ".").suffix(2).joined(separator: ".") }
  }

  mutating func run() {
    declareInputs()
    declareParameters()
    var environment = Environment()
    for index in graph.operators.indices { emitForward(index, into: &environment, phase: .forward) }
    forward = environment
    var layer: Int?
    for index in graph.operators.indices.reversed() {
      if graph.operators[index].layer != layer {
        layer = graph.operators[index].layer
        enterBackward(ofLayer: layer)
      }
      emitBackward(index)
    }
    emitDeferredUpdates()
  }

  /// Starts a layer's backward: what was rebuilt for the last one is gone; a dropped layer runs again.
  private mutating func enterBackward(ofLayer layer: Int?) {
    rebuilt = [:]
    replay = nil
    guard let layer, recipe.saving[layer] == .recompute else { return }
    let members = graph.operators(inLayer: layer)
    var environment = Environment()
    for value in members.inputs {
      environment.values[value] = saved(value)
    }
    for index in members.indices { emitForward(index, into: &environment, phase: .recompute) }
    replay = environment
  }

  // MARK: Declarations

  private mutating func declareInputs() {
    let tokens: [(OperandRole, String, Dimension)] = [
      (.ids, "ids", .batchTokens), (.positions, "positions", .batchTokens),
      (.offsets, "offsets", .fixed(recipe.microBatch + 1)),
      (.loss, "loss", .fixed(1)),
    ]
    for (role, name, columns) in tokens { inputs[role] = input(name, columns) }
    inputs[.labels] = newBuffer(
      "input.labels", .inputs, .input, .fixed(graph.configuration.problem.labelsPerSequence), .sequences)
    if graph.configuration.typeVocabularySize > 0 { inputs[.types] = input("types", .batchTokens) }
    if recipe.maximumGradientNorm != nil { inputs[.squaredNorm] = input("squared-norm", .fixed(1)) }
  }

  private mutating func input(_ name: String, _ columns: Dimension) -> BufferID {
    newBuffer("input.\(name)", .inputs, .input, .fixed(1), columns)
  }

  private mutating func declareParameters() {
    for parameter in graph.parameters {
      for part in graph.parts(of: parameter) {
        let (rows, columns) = graph.shape(of: part)
        let name = graph.parameters[part.parameter].name + (part.side.map { ".\($0.rawValue)" } ?? "")
        weights[part] = newBuffer(name, .weights, .parameter(part), rows, columns)
        let shapes = recipe.optimizer.stateShapes(
          rows: rows, columns: columns, isVector: parameter.shape.count == 1)
        states[part] = shapes.enumerated().map { index, shape in
          newBuffer("\(name).state\(index)", .optimizer, .state(part, index: index), shape.rows, shape.columns)
        }
      }
    }
  }

  mutating func newBuffer(
    _ name: String, _ category: BufferCategory, _ content: BufferTemplate.Content, _ rows: Dimension,
    _ columns: Dimension, persists: Bool = false
  ) -> BufferID {
    buffers.append(
      BufferTemplate(
        name: name, category: category, content: content, rows: rows, columns: columns, persists: persists))
    return buffers.count - 1
  }

  mutating func transient(
    _ name: String, _ rows: Dimension, _ columns: Dimension, _ category: BufferCategory = .temporaries,
    persists: Bool = false
  ) -> BufferID {
    newBuffer(name, category, .transient, rows, columns, persists: persists)
  }

  /// Scratch of so many floats a thread, in whole cache lines so that threads do not share one.
  mutating func workspace(_ name: String, floats: Int) -> BufferID {
    let columns = Bytes.aligned(floats * Bytes.element) / Bytes.element
    return transient("\(name).workspace", .fixed(recipe.threads), .fixed(columns), .workspace)
  }

  mutating func newBuffer(for value: ValueID, prefix: String = "", suffix: String = "") -> BufferID {
    let description = graph.values[value]
    return transient(
      prefix + description.name + suffix, rows(of: value), .fixed(description.columns))
  }

  func rows(of value: ValueID) -> Dimension {
    graph.values[value].rows == .tokens ? .tokens : .sequences
  }

  // MARK: Kernels

  mutating func emit(
    _ operation: KernelOperation, _ index: Int, _ phase: Phase, side: NodeSide? = nil, root: Atom? = nil,
    detail: String = "", _ operands: [KernelTemplate.Operand?]
  ) {
    let placed = graph.operators[index]
    let name = detail.isEmpty ? placed.name : "\(placed.name).\(detail)"
    kernels.append(
      KernelTemplate(
        operation: operation, name: name, layer: placed.layer, phase: phase,
        operands: operands.compactMap { $0 }, root: root, sides: side.map { [$0] } ?? []))
  }

  func read(
    _ role: OperandRole, _ buffer: BufferID?, feeds: [OperandRole] = []
  ) -> KernelTemplate.Operand? {
    buffer.map { KernelTemplate.Operand(role: role, buffer: $0, access: .read, feeds: feeds) }
  }

  func write(_ role: OperandRole, _ buffer: BufferID, _ access: Access = .write) -> KernelTemplate.Operand {
    KernelTemplate.Operand(role: role, buffer: buffer, access: access)
  }

  func weight(_ parameter: ParameterID, side: NodeSide? = nil) -> BufferID? {
    weights[graph.part(of: parameter, side: side)]
  }
}
