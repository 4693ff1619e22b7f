import Graph
import Steps

/// Where PyTorch computes.
enum PyTorchDevice: Sendable { case cpu, cuda }

/// Turns a graph into the operators that eager PyTorch runs for one optimizer step of the transformers model.
///
/// A kernel is one operator of forward or one part of a node of backward. What autograd saves follows from the conditions that the template
/// computes: an operand of backward is read, and so saved, where the gradient it is read for is needed, which is
/// PyTorch's own rule (https://github.com/pytorch/pytorch/blob/main/tools/autograd/derivatives.yaml: a formula's
/// tensors are saved if the input it belongs to requires a gradient). What is written here is the rest: results out of
/// place, copies, what Python's variables hold, and what lives as long as a node.
struct PyTorchLowering {
  let graph: EncoderGraph
  let recipe: Recipe
  let options: PyTorchOptions
  let device: PyTorchDevice
  private(set) var buffers: [BufferTemplate] = []
  private(set) var kernels: [KernelTemplate] = []

  /// What forward made, as backward may read it; a recomputed layer has a second one.
  struct Record {
    var values: [ValueID: BufferID] = [:]
    /// Input, mean and reciprocal deviation of a LayerNorm, by operator.
    var norms: [Int: (input: BufferID, mean: BufferID, deviation: BufferID)] = [:]
    /// Dropout masks, by operator.
    var masks: [Int: BufferID] = [:]
    var attention: [Int: AttentionRecord] = [:]
    /// Input and output of a feed-forward pair's activation, by operator and side.
    var nodes: [Int: [NodeSide: (before: BufferID, after: BufferID)]] = [:]
    /// Row numbers that a table's backward reads, where they are a tensor of their own.
    var positions: BufferID?
    /// What enters the first layer, which the model's function holds until the last one returns.
    var embeddings: BufferID?
    /// What variables of the embeddings' or a layer's Python function hold until it returns.
    var locals: [BufferID] = []
    /// What variables of an inner function hold until that returns.
    var innerLocals: [BufferID] = []
  }

  var forward = Record()
  /// The record of the layer whose backward is being lowered, when it is run again for it.
  var replay: Record?
  var gradients: [ValueID: BufferID] = [:]
  /// Gradients of queries, keys and values that are yet to be copied, by the copy.
  var pendingCopies: [BufferID: BufferID] = [:]
  /// Gradients of trained parts, which live until the next step, and the operators they come from.
  var partGradients: [(index: Int, part: ParameterPart, gradient: BufferID)] = []
  private(set) var weights: [ParameterPart: BufferID] = [:]
  private(set) var states: [ParameterPart: [BufferID]] = [:]
  private(set) var inputs: [OperandRole: BufferID] = [:]

  init(graph: EncoderGraph, recipe: Recipe, options: PyTorchOptions, device: PyTorchDevice) {
    self.graph = graph
    self.recipe = recipe
    self.options = options
    self.device = device
  }

  mutating func run() {
    declareInputs()
    declareParameters()
    var record = Record()
    for index in graph.operators.indices { emitForward(index, into: &record, phase: .forward) }
    forward = record
    var layer: Int?
    for index in graph.operators.indices.reversed() {
      if graph.operators[index].layer != layer {
        layer = graph.operators[index].layer
        enterBackward(ofLayer: layer)
      }
      emitBackward(index)
    }
    emitUpdates()
  }

  /// A checkpointed layer runs forward again before its backward (`torch.utils.checkpoint`, `use_reentrant=False`).
  private mutating func enterBackward(ofLayer layer: Int?) {
    replay = nil
    guard let layer, recipe.saving[layer] == .recompute else { return }
    let members = graph.operators(inLayer: layer)
    var record = Record()
    for value in members.inputs {
      record.values[value] = forward.values[value]
    }
    for index in members.indices { emitForward(index, into: &record, phase: .recompute) }
    replay = record
  }

  // MARK: Declarations

  /// Tensors beside parameters: token ids and labels are 64-bit, as are the numbers of positions and types that a model keeps.
  private mutating func declareInputs() {
    inputs[.ids] = input("ids", .batchTokens)
    inputs[.loss] = input("loss", .fixed(1), .float32)
    let labels = graph.configuration.problem.labelsPerSequence
    inputs[.labels] = add("input.labels", .inputs, .input, .fixed(labels), .sequences, .integers)
    inputs[.positions] = input("positions", .fixed(graph.configuration.maximumPositions))
    if graph.configuration.typeVocabularySize > 0 {
      inputs[.types] = input("types", .fixed(graph.configuration.maximumPositions))
    }
    if device == .cuda {
      inputs[.workspace] = add(
        "cublas", .workspace, .input, .fixed(1), .fixed(Self.cublasWorkspace), .plain(bytes: 1))
    }
  }

  /// `CUBLAS_WORKSPACE_CONFIG` is `:4096:2:16:8` unless set (https://docs.nvidia.com/cuda/cublas/#results-reproducibility):
  /// two chunks of 4 MiB and eight of 16 KiB.
  private static let cublasWorkspace = 2 * 4096 * 1024 + 8 * 16 * 1024

  private mutating func input(
    _ name: String, _ columns: Dimension, _ format: ElementFormat = .integers
  ) -> BufferID {
    add("input.\(name)", .inputs, .input, .fixed(1), columns, format)
  }

  private mutating func declareParameters() {
    for parameter in graph.parameters {
      for part in graph.parts(of: parameter) {
        let (rows, columns) = graph.shape(of: part)
        let name = name(of: part)
        weights[part] = add(name, .weights, .parameter(part), rows, columns, number)
        states[part] = (0..<stateCount).map {
          add("\(name).state\($0)", .optimizer, .state(part, index: $0), rows, columns, number)
        }
      }
    }
  }

  /// Tensors of a parameter's size that `torch.optim` keeps between steps.
  private var stateCount: Int {
    switch recipe.optimizer {
    case .adamw: 2
    case .sgdMomentum: 1
    case .sgd, .adamw8bit, .adafactor, .lion: 0
    }
  }

  func name(of part: ParameterPart) -> String {
    graph.parameters[part.parameter].name + (part.side.map { ".\($0.rawValue)" } ?? "")
  }

  // MARK: Buffers

  /// How weights and activations are held.
  var number: ElementFormat { options.precision == .float32 ? .float32 : .plain(bytes: 2) }

  private mutating func add(
    _ name: String, _ category: BufferCategory, _ content: BufferTemplate.Content, _ rows: Dimension,
    _ columns: Dimension, _ format: ElementFormat, persists: Bool = false
  ) -> BufferID {
    buffers.append(
      BufferTemplate(
        name: name, category: category, content: content, rows: rows, columns: columns, persists: persists,
        format: format))
    return buffers.count - 1
  }

  mutating func tensor(
    _ name: String, _ rows: Dimension, _ columns: Dimension, _ format: ElementFormat? = nil,
    _ category: BufferCategory = .temporaries, persists: Bool = false
  ) -> BufferID {
    add(name, category, .transient, rows, columns, format ?? number, persists: persists)
  }

  /// Another tensor of the same shape.
  mutating func like(_ buffer: BufferID, _ name: String, _ format: ElementFormat? = nil) -> BufferID {
    tensor(name, buffers[buffer].rows, buffers[buffer].columns, format ?? buffers[buffer].format)
  }

  mutating func tensor(for value: ValueID, _ prefix: String = "") -> BufferID {
    let description = graph.values[value]
    return tensor(
      prefix + description.name, description.rows == .tokens ? .tokens : .sequences,
      .fixed(description.columns))
  }

  // MARK: Kernels

  mutating func emit(
    _ operation: KernelOperation, _ index: Int, _ phase: Phase, sides: [NodeSide] = [], root: Atom? = nil,
    detail: String = "", _ operands: [KernelTemplate.Operand?]
  ) {
    let placed = graph.operators[index]
    kernels.append(
      KernelTemplate(
        operation: operation, name: detail.isEmpty ? placed.name : "\(placed.name).\(detail)",
        layer: placed.layer, phase: phase, operands: operands.compactMap { $0 }, root: root, sides: sides))
  }

  func read(
    _ role: OperandRole, _ buffer: BufferID?, feeds: [OperandRole] = []
  ) -> KernelTemplate.Operand? {
    buffer.map { KernelTemplate.Operand(role: role, buffer: $0, access: .read, feeds: feeds) }
  }

  /// Keeps a buffer alive while a kernel runs.
  func hold(_ buffer: BufferID?) -> KernelTemplate.Operand? { read(.workspace, buffer) }

  func write(_ role: OperandRole, _ buffer: BufferID, _ access: Access = .write) -> KernelTemplate.Operand {
    KernelTemplate.Operand(role: role, buffer: buffer, access: access)
  }

  /// A result that is allocated whenever its kernel runs, needed or not.
  func make(_ buffer: BufferID) -> KernelTemplate.Operand { write(.workspace, buffer) }

  func weight(_ parameter: ParameterID, side: NodeSide? = nil) -> BufferID? {
    weights[graph.part(of: parameter, side: side)]
  }
}

extension ElementFormat {
  /// PyTorch's indices.
  static let integers = ElementFormat.plain(bytes: 8)
  static let booleans = ElementFormat.plain(bytes: 1)
}
