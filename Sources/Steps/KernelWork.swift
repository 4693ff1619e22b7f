import Graph

/// How much one run of a kernel does: everything that the time it takes is predicted from.
public struct KernelWork: Hashable, Sendable {
  /// What runs; kernels of one class are measured and predicted together.
  public var kernelClass: KernelClass
  /// Floating-point operations, a multiplication and an addition counted as two.
  ///
  /// Matrix products are exact at the step's full shape (a micro-batch of sequences of S tokens). Elementwise kernels count one
  /// operation for each element they touch: they are bound by bytes, not by arithmetic.
  public var operations: Int
  /// Bytes read and written, each operand once a direction; of a table only the rows looked up.
  public var bytesMoved: Int
  /// The shape of the products that it consists of; nil for kernels that are none.
  public var extents: Extents?

  /// A product `(rows, depth)·(depth, columns)`.
  ///
  /// Attention consists of products of T·heads rows, S columns and the heads' width as depth.
  public struct Extents: Hashable, Sendable {
    public var rows: Int
    public var columns: Int
    public var depth: Int

    public init(rows: Int, columns: Int, depth: Int) {
      self.rows = rows
      self.columns = columns
      self.depth = depth
    }

    /// Floating-point operations of one product.
    public var operations: Int { 2 * rows * columns * depth }
  }

  /// The work of a kernel that need not be part of any step.
  public init(_ kernelClass: KernelClass, operations: Int, bytesMoved: Int, extents: Extents? = nil) {
    self.kernelClass = kernelClass
    self.operations = operations
    self.bytesMoved = bytesMoved
    self.extents = extents
  }

  /// One operand at its size.
  public struct Operand: Sendable {
    public var role: OperandRole
    public var access: Access
    public var rows: Int
    public var columns: Int
    public var format: ElementFormat
    /// Whether it is a parameter.
    public var isWeight: Bool

    var count: Int { rows * columns }
  }

  /// The work of an operation on operands of given sizes, in a step that a recipe shapes.
  public init(_ operation: KernelOperation, _ operands: [Operand], _ recipe: Recipe) {
    func operand(_ role: OperandRole) -> Operand? { operands.first { $0.role == role } }
    func product(_ rows: Int?, _ columns: Int?, _ depth: Int?) -> Extents {
      Extents(rows: rows ?? 0, columns: columns ?? 0, depth: depth ?? 0)
    }
    func attention(heads: Int) -> Extents {
      product(recipe.tokens * heads, recipe.sequence, (operand(.query)?.columns ?? 0) / max(heads, 1))
    }
    let (input, output, gradient) = (operand(.input), operand(.output), operand(.gradient))
    var products = 1
    switch operation {
    case .linear:
      extents = product(input?.rows, output?.columns, input?.columns)
    case .linearInputGradient:
      extents = product(gradient?.rows, output?.columns, gradient?.columns)
    case .linearWeightGradient(let transposed):
      let (outputs, inputs) = (gradient?.columns, input?.columns)
      extents =
        transposed ? product(inputs, outputs, input?.rows) : product(outputs, inputs, input?.rows)
    case .attention(let heads, _):
      (extents, products) = (attention(heads: heads), 2)
    case .attentionBackward(let heads, _):
      // Scores again, the probabilities' gradient where queries or keys need it, then one product an output.
      let throughScores = operand(.queryGradient) != nil || operand(.keyGradient) != nil
      let outputs = [OperandRole.queryGradient, .keyGradient, .valueGradient].filter { operand($0) != nil }
      (extents, products) = (attention(heads: heads), 1 + (throughScores ? 1 : 0) + outputs.count)
    case .batchedProduct:
      // Of its operands, (T,H) and the scores' (T, heads·S), the narrower has all heads' widths side by side.
      extents = product(recipe.tokens, recipe.sequence, operands.map(\.columns).min())
    default: extents = nil
    }
    operations = extents.map { products * $0.operations } ?? operands.map(\.count).max() ?? 0
    bytesMoved = operands.reduce(0) { total, operand in
      let isLookup = operation == .embedding && operand.isWeight
      let rows = isLookup ? min(operand.rows, recipe.tokens) : operand.rows
      let directions = (operand.access.reads ? 1 : 0) + (operand.access.writes ? 1 : 0)
      return total + directions * operand.format.bytes(rows: rows, columns: operand.columns)
    }
    kernelClass = KernelClass(operation, weight: operand(.weight)?.format, recipe.optimizer)
  }
}

extension TrainingStep {
  /// The work of one run of a kernel.
  public func work(of kernel: Kernel) -> KernelWork {
    let operands = kernel.operands.map { operand in
      let buffer = buffers[operand.buffer]
      return KernelWork.Operand(
        role: operand.role, access: operand.access, rows: buffer.rows, columns: buffer.columns,
        format: buffer.format, isWeight: buffer.category == .weights)
    }
    return KernelWork(kernel.operation, operands, recipe)
  }

  /// Floating-point operations of one run of a kernel.
  public func operations(of kernel: Kernel) -> Int { work(of: kernel).operations }

  /// Floating-point operations of the whole step, all micro-batches counted.
  public var operations: Int { kernels.reduce(0) { $0 + repetitions(of: $1) * operations(of: $1) } }

  /// Bytes that one run of a kernel reads and writes.
  public func bytesMoved(by kernel: Kernel) -> Int { work(of: kernel).bytesMoved }
}

extension StepTemplate {
  /// The work of one run of a kernel under a selection; nil where it does not run.
  ///
  /// As that of the concrete step, but that an operand which is added to counts as read even by the first kernel that writes it.
  /// - Parameter active: `atoms.active(selection)`.
  public func work(ofKernel index: Int, _ selection: Selection, _ active: AtomSet) -> KernelWork? {
    let kernel = kernels[index]
    if let layer = kernel.layer, kernel.sides.contains(where: { nodes($0, layer: layer, selection) == 0 }) {
      return nil
    }
    let operands = zip(kernel.operands, needs[index]).compactMap { operand, need -> KernelWork.Operand? in
      let buffer = buffers[operand.buffer]
      guard !conditions[need].isDisjoint(with: active), let layout = layout(of: buffer, selection, active)
      else {
        return nil
      }
      return KernelWork.Operand(
        role: operand.role, access: operand.access, rows: layout.rows, columns: layout.columns,
        format: layout.format, isWeight: buffer.category == .weights)
    }
    return operands.isEmpty ? nil : KernelWork(kernel.operation, operands, recipe)
  }
}
