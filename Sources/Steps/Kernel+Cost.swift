import Graph

extension TrainingStep {
  /// Floating-point operations of one run of a kernel, a multiplication and an addition counted as two.
  ///
  /// Matrix products are exact at the step's full shape (a micro-batch of sequences of S tokens). Elementwise kernels count one operation for each
  /// element they touch: they are bound by bytes, not by arithmetic.
  public func operations(of kernel: Kernel) -> Int {
    func columns(_ role: OperandRole) -> Int { kernel.operand(role).map { buffers[$0].columns } ?? 0 }
    func count(_ role: OperandRole) -> Int { kernel.operand(role).map { buffers[$0].count } ?? 0 }
    switch kernel.operation {
    case .linear: return 2 * count(.input) * columns(.output)
    case .linearInputGradient: return 2 * count(.gradient) * columns(.output)
    case .linearWeightGradient: return 2 * count(.input) * columns(.gradient)
    case .attention: return 2 * attentionProduct(kernel)
    case .batchedProduct: return attentionProduct(kernel)
    case .attentionBackward:
      // Scores again, the probabilities' gradient where queries or keys need it, then one product an output.
      let outputs = [OperandRole.queryGradient, .keyGradient, .valueGradient].filter {
        kernel.operand($0) != nil
      }
      let throughScores = outputs.contains(.queryGradient) || outputs.contains(.keyGradient)
      return (1 + (throughScores ? 1 : 0) + outputs.count) * attentionProduct(kernel)
    default: return kernel.operands.map { buffers[$0.buffer].count }.max() ?? 0
    }
  }

  /// One (S,d)·(d,S) product for every head of every sequence: 2·B·S²·H.
  private func attentionProduct(_ kernel: Kernel) -> Int {
    2 * recipe.microBatch * recipe.sequence * recipe.sequence * graph.configuration.hiddenSize
  }

  /// Bytes that one run of a kernel reads and writes, each operand once a direction; of a table only the rows looked up.
  public func bytesMoved(by kernel: Kernel) -> Int {
    kernel.operands.reduce(0) { total, operand in
      let buffer = buffers[operand.buffer]
      let isLookup = kernel.operation == .embedding && buffer.category == .weights
      let rows = isLookup ? min(buffer.rows, recipe.tokens) : buffer.rows
      let directions = (operand.access.reads ? 1 : 0) + (operand.access.writes ? 1 : 0)
      return total + directions * buffer.format.bytes(rows: rows, columns: buffer.columns)
    }
  }
}
