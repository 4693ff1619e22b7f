import Graph
import Kernels
import Steps

/// A kernel with its operands' addresses: calling it allocates nothing.
typealias BoundKernel = (inout RunState) -> Void

/// Binds the kernels of a step to memory.
struct KernelBinder {
  let step: TrainingStep
  let context: KernelContext
  /// Address of every buffer.
  let addresses: [UnsafeMutableRawPointer]

  func bind(_ kernel: Kernel) -> BoundKernel {
    switch kernel.operation {
    case .embedding: embedding(kernel)
    case .normForward(let site, let epsilon): normForward(kernel, site, Float(epsilon))
    case .normRebuild: normRebuild(kernel)
    case .normBackward: normBackward(kernel)
    case .normScaleGradient: normScaleGradient(kernel)
    case .dropout(let site): dropout(kernel, site)
    case .linear: linear(kernel)
    case .linearInputGradient: linearInputGradient(kernel)
    case .linearWeightGradient(let transposed): linearWeightGradient(kernel, transposed)
    case .columnSum: columnSum(kernel)
    case .activation(let kind): activation(kernel, kind)
    case .activationBackward(let kind): activationBackward(kernel, kind)
    case .attention(let heads, let site): attention(kernel, heads, site)
    case .attentionBackward(let heads, let site): attentionBackward(kernel, heads, site)
    case .firstToken: firstToken(kernel)
    case .firstTokenBackward: firstTokenBackward(kernel)
    case .loss(let problem): loss(kernel, problem)
    case .tokenIndex: tokenIndex(kernel)
    case .update(let decay): update(kernel, decay)
    case .updateEmbedding(let decay): updateEmbedding(kernel, decay)
    case .keepTokens: keepTokens(kernel)
    case .squaredNorm: squaredNorm(kernel)
    case .squaredNormOfTable: squaredNormOfTable(kernel)
    case .elementwise, .batchedProduct: preconditionFailure("\(kernel.name) is another trainer's")
    }
  }

  // MARK: Operands

  func buffer(_ kernel: Kernel, _ role: OperandRole) -> Buffer {
    guard let id = kernel.operand(role) else { preconditionFailure("\(kernel.name) has no operand \(role)") }
    return step.buffers[id]
  }

  func floats(_ kernel: Kernel, _ role: OperandRole) -> UnsafeMutablePointer<Float> {
    guard let pointer = optionalFloats(kernel, role) else {
      preconditionFailure("\(kernel.name) has no operand \(role)")
    }
    return pointer
  }

  func optionalFloats(_ kernel: Kernel, _ role: OperandRole) -> UnsafeMutablePointer<Float>? {
    kernel.operand(role).map { addresses[$0].assumingMemoryBound(to: Float.self) }
  }

  func integers(_ kernel: Kernel, _ role: OperandRole) -> UnsafeMutablePointer<Int32> {
    guard let id = kernel.operand(role) else { preconditionFailure("\(kernel.name) has no operand \(role)") }
    return addresses[id].assumingMemoryBound(to: Int32.self)
  }

  /// A weight as it is held.
  func matrix(_ kernel: Kernel, _ role: OperandRole) -> CompressedMatrix {
    let buffer = buffer(kernel, role)
    return CompressedMatrix(
      buffer.format.kernel, rows: buffer.rows, columns: buffer.columns, bytes: floats(kernel, role))
  }

  /// Scratch that a kernel asks for must lie within what the step planned.
  func scratch(_ kernel: Kernel, needs bytes: Int) -> UnsafeMutableRawPointer {
    guard let id = kernel.operand(.workspace) else { preconditionFailure("\(kernel.name) has no workspace") }
    let planned = step.buffers[id].bytes
    precondition(
      planned >= bytes, "\(kernel.name) needs \(bytes) bytes of scratch, planned \(planned)")
    return addresses[id]
  }

  /// 1 where an earlier kernel of the step has left something to add to, else 0.
  func beta(_ kernel: Kernel, _ role: OperandRole) -> Float {
    kernel.operands.first { $0.role == role }?.access == .accumulate ? 1 : 0
  }

  /// Whether a kernel adds to what earlier micro-batches left.
  func accumulates(_ kernel: Kernel, _ role: OperandRole) -> Bool {
    kernel.operands.first { $0.role == role }?.access == .accumulateOverBatch
  }

  /// Most kernels can only be first to contribute; a step that asks otherwise is a lowering mistake.
  func requireFirst(_ kernel: Kernel, _ roles: OperandRole...) {
    for role in roles { precondition(beta(kernel, role) == 0, "\(kernel.name) cannot add to its \(role)") }
  }
}

extension DropoutSite {
  func mask(_ state: RunState) -> Dropout {
    guard state.isTraining, probability > 0 else { return .none }
    return Dropout(
      seed: state.seed, step: state.maskStep, site: UInt64(site), probability: Float(probability))
  }
}

extension ElementFormat {
  /// The kernels' word for how a weight is held.
  var kernel: Kernels.WeightFormat {
    switch self {
    case .float32, .weights(.float32): .float32
    case .weights(.bfloat16): .bfloat16
    case .weights(.float16): .float16
    case .weights(.int8): .int8
    case .blockwiseState, .plain: preconditionFailure("no format of the engine's weights")
    }
  }
}

extension Graph.Activation {
  var kernel: Kernels.Activation {
    switch self {
    case .gelu: .gelu
    case .geluTanh: .geluTanh
    case .relu: .relu
    case .tanh: .tanh
    }
  }
}
