import Graph

/// A buffer of a concrete step.
public struct Buffer: Sendable {
  public enum Storage: Hashable, Sendable {
    /// Bytes from the start of the arena.
    case arena(offset: Int)
    /// Read-only pages of the checkpoint.
    case mapped
    /// An allocation of its own.
    case heap
  }

  public let name: String
  public let category: BufferCategory
  public let content: BufferTemplate.Content
  /// Rows at the step's full size; `rowKind` says what they stand for, since a batch may hold fewer.
  public let rows: Int
  public let columns: Int
  public let rowKind: Dimension
  public let format: ElementFormat
  /// Holds a matrix `(inputs, outputs)` where the checkpoint has `(outputs, inputs)`.
  public let isTransposed: Bool
  let rounding: Int
  public fileprivate(set) var storage: Storage
  /// First and last kernel that touches it; nil when it lives through every step.
  ///
  /// One that takes its predecessor's place begins a kernel later.
  public let lifetime: ClosedRange<Int>?
  /// The buffer whose bytes it takes over, written by a kernel that runs in place.
  public internal(set) var predecessor: BufferID?

  public var count: Int { rows * columns }

  /// Bytes it takes: rounded up in memory, exact in the checkpoint.
  public var bytes: Int {
    let bytes = format.bytes(rows: rows, columns: columns)
    return storage == .mapped ? bytes : Bytes.rounded(bytes, to: rounding)
  }
}

/// One kernel of a concrete step.
public struct Kernel: Sendable {
  public struct Operand: Hashable, Sendable {
    public let role: OperandRole
    public let buffer: BufferID
    public let access: Access
  }

  private let template: KernelTemplate
  /// Position of its template among the template's kernels.
  public let origin: Int
  public let operands: [Operand]

  public var operation: KernelOperation { template.operation }
  public var name: String { template.name }
  public var layer: Int? { template.layer }
  public var phase: Phase { template.phase }

  init(template: KernelTemplate, origin: Int, operands: [Operand]) {
    self.template = template
    self.origin = origin
    self.operands = operands
  }

  public func operand(_ role: OperandRole) -> BufferID? {
    operands.first { $0.role == role }?.buffer
  }

  /// The least that the same kernel may have to do: without some of its operands, and the first to write what it adds to, but for some.
  public func lightest(without roles: Set<OperandRole> = [], adding: Set<OperandRole>) -> Kernel {
    Kernel(
      template: template, origin: origin,
      operands: operands.filter { !roles.contains($0.role) }.map {
        let isFirst = $0.access == .accumulate && !adding.contains($0.role)
        return Operand(role: $0.role, buffer: $0.buffer, access: isFirst ? .write : $0.access)
      })
  }
}

/// The explicit, ordered list of kernels of one optimizer step under one selection, every byte placed.
public struct TrainingStep: Sendable {
  public let graph: EncoderGraph
  public let recipe: Recipe
  public let selection: Selection
  public private(set) var buffers: [Buffer]
  public let kernels: [Kernel]
  /// Bytes at the bottom of the arena that live through every step.
  public let staticBytes: Int
  /// Bytes of the whole arena; where every buffer is an allocation of its own, the most alive at once.
  public private(set) var arenaBytes: Int

  /// Bytes of frozen tensors read in place from the checkpoint.
  public var mappedBytes: Int {
    buffers.reduce(0) { $0 + ($1.storage == .mapped ? $1.bytes : 0) }
  }

  /// What the step needs: its arena and the mapped weights.
  public var peakBytes: Int { arenaBytes + mappedBytes }

  /// What runs of a step.
  public enum Extent: Sendable {
    case training
    /// Forward and loss only, with the same weights and states in the same places.
    case evaluation
  }

  /// Filters a template by a selection, and places every buffer.
  public init(_ template: StepTemplate, _ selection: Selection, extent: Extent = .training) {
    self.init(unplaced: template, selection, extent: extent)
    switch template.residence {
    case .arena: placeInArena()
    case .heap: arenaBytes = liveBytes().max() ?? staticBytes
    }
  }

  /// Filters a template without placing anything: quicker, and enough for what kernels cost.
  public init(unplaced template: StepTemplate, _ selection: Selection, extent: Extent = .training) {
    graph = template.graph
    recipe = template.recipe
    self.selection = selection
    let filter = Specialization(template: template, selection: selection, extent: extent)
    kernels = filter.kernels
    buffers = filter.buffers
    staticBytes = buffers.reduce(0) {
      $0 + ($1.lifetime == nil && $1.storage != .mapped ? $1.bytes : 0)
    }
    arenaBytes = 0
  }

  private mutating func placeInArena() {
    var end = 0
    for index in buffers.indices where buffers[index].lifetime == nil && buffers[index].storage != .mapped {
      buffers[index].storage = .arena(offset: end)
      end += buffers[index].bytes
    }
    // Buffers in one place are one item; a predecessor comes before its successors.
    var items: [ArenaPacking.Item] = []
    var places: [BufferID: Int] = [:]
    for (index, buffer) in buffers.enumerated() {
      guard let lifetime = buffer.lifetime else { continue }
      if let place = buffer.predecessor.flatMap({ places[$0] }) {
        places[index] = place
        items[place] = ArenaPacking.Item(
          bytes: max(items[place].bytes, buffer.bytes),
          lifetime: items[place].lifetime.lowerBound...lifetime.upperBound)
      } else {
        places[index] = items.count
        items.append(ArenaPacking.Item(bytes: buffer.bytes, lifetime: lifetime))
      }
    }
    let packing = ArenaPacking(items)
    for (index, place) in places { buffers[index].storage = .arena(offset: end + packing.offsets[place]) }
    arenaBytes = end + packing.size
  }

  /// How often a kernel runs in one optimizer step: once a micro-batch, or once.
  public func repetitions(of kernel: Kernel) -> Int { kernel.phase == .update ? 1 : recipe.microBatches }

  /// Bytes that live at each kernel, statics included, mapped weights not.
  public func liveBytes() -> [Int] {
    var change = Array(repeating: 0, count: kernels.count + 1)
    for buffer in buffers {
      guard let lifetime = buffer.lifetime else { continue }
      change[lifetime.lowerBound] += buffer.bytes
      change[lifetime.upperBound + 1] -= buffer.bytes
    }
    var live = staticBytes
    return change.dropLast().map { delta in
      live += delta
      return live
    }
  }

  /// The evaluation pass may need more room than training when next to nothing trains; both share one arena.
  public mutating func reserve(_ other: TrainingStep) { arenaBytes = max(arenaBytes, other.arenaBytes) }
}
