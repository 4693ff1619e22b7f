import Checkpoints
import Graph
import Kernels
import Limits
import Steps

/// Runs a step exactly as it was lowered, in one arena whose offsets were decided before it started.
///
/// After `init` nothing is allocated: every kernel is bound to addresses, and a batch is copied into the arena's inputs.
public final class Engine {
  public let program: StepProgram
  /// Where frozen tensors are read in place, and where trained ones start.
  public let source: any ParameterSource
  /// Node order of every layer: learners first, then the rest; nil where the checkpoint's order is kept.
  let nodeOrder: [[Int]?]
  let arena: AnonymousMapping
  private let trainingKernels: [BoundKernel]
  private let evaluationKernels: [BoundKernel]
  let trainingAddresses: [UnsafeMutableRawPointer]
  let context: KernelContext
  let inputs: Inputs
  var state = RunState()
  /// Highest end of any buffer that each kernel touches.
  private let trainingEnds: [Int]
  private let evaluationEnds: [Int]

  /// Bytes from the arena's start to the highest byte that kernels which ran were given.
  public private(set) var highWaterBytes = 0
  /// Kernels run since the start.
  public private(set) var kernelsRun = 0
  /// Time in each kernel of `program.training` since the start.
  public private(set) var kernelTimes: [Duration]
  /// Whether `kernelTimes` are without the time in which threads waited for a processor.
  public var timesLeaveOutWaiting = false
  /// The first training kernel after forward and loss, and the first that runs once a batch.
  private let forwardEnd, backwardEnd: Int

  /// Reserves the arena and binds every kernel; weights are read by ``loadWeights()``.
  ///
  /// - Parameter learnerNodes: by layer, the learner nodes of pairs trained in part.
  /// - Throws: `EngineError.notMappable`, and `LimitError` when the arena cannot be reserved.
  public init(
    _ program: StepProgram, source: any ParameterSource, learnerNodes: [[Int]], context: KernelContext,
    seed: UInt64
  ) throws {
    precondition(context.threads == program.training.recipe.threads, "planned for another thread count")
    self.program = program
    self.source = source
    self.context = context
    let nodes = program.training.graph.configuration.feedForwardSize
    nodeOrder = zip(program.training.selection.retained, learnerNodes).map { retained, learners in
      guard (1..<nodes).contains(retained) else { return nil }
      let chosen = Set(learners)
      return learners + (0..<nodes).filter { !chosen.contains($0) }
    }
    arena = try AnonymousMapping(bytes: max(program.arenaBytes, Bytes.alignment))
    let base = arena.bytes.baseAddress
    func addresses(_ step: TrainingStep) throws -> [UnsafeMutableRawPointer] {
      try step.buffers.map { buffer in
        switch buffer.storage {
        case .arena(let offset):
          guard let base else { preconditionFailure("an arena has an address") }
          return base + offset
        case .mapped: return try Self.mappedAddress(buffer, step.graph, source)
        case .heap: preconditionFailure("another trainer's step")
        }
      }
    }
    let training = try addresses(program.training)
    let evaluation = try addresses(program.evaluation)
    trainingAddresses = training
    inputs = Inputs(program.training, training)
    func bind(_ step: TrainingStep, _ addresses: [UnsafeMutableRawPointer]) -> [BoundKernel] {
      let binder = KernelBinder(step: step, context: context, addresses: addresses)
      return step.kernels.map { binder.bind($0) }
    }
    trainingKernels = bind(program.training, training)
    evaluationKernels = bind(program.evaluation, evaluation)
    func ends(_ step: TrainingStep) -> [Int] {
      step.kernels.map { kernel in
        kernel.operands.reduce(0) { highest, operand in
          guard case .arena(let offset) = step.buffers[operand.buffer].storage else { return highest }
          return max(highest, offset + step.buffers[operand.buffer].bytes)
        }
      }
    }
    trainingEnds = ends(program.training)
    evaluationEnds = ends(program.evaluation)
    let kernels = program.training.kernels
    kernelTimes = Array(repeating: .zero, count: kernels.count)
    forwardEnd = kernels.prefix { $0.phase == .forward || $0.phase == .loss }.count
    let updates = kernels.reversed().prefix { $0.phase == .update }.count
    backwardEnd = program.training.recipe.defersUpdates ? kernels.count - updates : kernels.count
    state.seed = seed
    state.maximumNorm = program.training.recipe.maximumGradientNorm
  }

  private static func mappedAddress(
    _ buffer: Buffer, _ graph: EncoderGraph, _ source: any ParameterSource
  ) throws -> UnsafeMutableRawPointer {
    guard case .parameter(let part) = buffer.content else {
      preconditionFailure("\(buffer.name) is mapped but no parameter")
    }
    let parameter = graph.parameters[part.parameter]
    guard let floats = source.mappedFloats(parameter), let address = floats.baseAddress else {
      throw EngineError.notMappable(tensor: parameter.name)
    }
    // Kernels take mutable addresses; the step's own rules forbid writing here, and the pages are read-only.
    return UnsafeMutableRawPointer(mutating: address)
  }

  /// The arena's memory, for those who measure it.
  public var arenaBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(arena.bytes) }

  /// Mapped tensors that the step reads, with their addresses.
  public var mappedTensors: [(name: String, bytes: UnsafeRawBufferPointer)] {
    zip(program.training.buffers, trainingAddresses).filter { $0.0.storage == .mapped }.map {
      ($0.0.name, UnsafeRawBufferPointer(start: $0.1, count: $0.0.bytes))
    }
  }

  /// One optimizer step, micro-batch by micro-batch; returns the batch's loss before it.
  ///
  /// - Parameter step: counted from 1; decides the dropout masks and AdamW's bias correction.
  /// - Throws: `EngineError` for a batch that does not fit the plan or a loss that is not finite.
  public func train(_ batch: Batch, step: Int, _ settings: UpdateSettings) throws -> Double {
    let recipe = program.training.recipe
    try check(batch, limit: recipe.batch)
    load(batch)
    state.isTraining = true
    state.decaying = settings.rule(recipe.optimizer, step: step, decays: true)
    state.plain = settings.rule(recipe.optimizer, step: step, decays: false)
    for first in stride(from: 0, to: batch.sequenceCount, by: recipe.microBatch) {
      let sequences = first..<min(first + recipe.microBatch, batch.sequenceCount)
      load(sequences, of: batch)
      state.maskStep = UInt64((step - 1) * recipe.accumulation + first / recipe.microBatch + 1)
      // Stop before backward when the loss is lost: the weights are then still those of the step before.
      run(.training, 0..<forwardEnd)
      guard state.loss.isFinite else {
        try checkPretrainedWeights()
        throw EngineError.diverged(step: step, kernel: firstNonFinite())
      }
      run(.training, forwardEnd..<backwardEnd)
    }
    run(.training, backwardEnd..<trainingKernels.count)
    return state.loss
  }

  /// Forward and loss without dropout; the logits, `(B, outputs)` or for spans `(T, 2)`, are valid within `body`.
  ///
  /// - Parameter batch: at most a micro-batch.
  public func evaluate<Result>(
    _ batch: Batch, _ body: (_ loss: Double, _ logits: UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    try check(batch, limit: program.training.recipe.microBatch)
    load(batch)
    load(0..<batch.sequenceCount, of: batch)
    state.isTraining = false
    run(.evaluation, evaluationKernels.indices)
    let step = program.evaluation
    guard let last = step.kernels.last, let id = last.operand(.input),
      case .arena(let offset) = step.buffers[id].storage, let base = arena.bytes.baseAddress
    else { preconditionFailure("an evaluation ends in a loss over logits") }
    let logits = (base + offset).assumingMemoryBound(to: Float.self)
    let count = state.rows(step.buffers[id]) * step.buffers[id].columns
    return try body(state.loss, UnsafeBufferPointer(start: logits, count: count))
  }

  /// Starts ``kernelTimes`` anew.
  public func forgetTimes() { for index in kernelTimes.indices { kernelTimes[index] = .zero } }

  private func run(_ extent: TrainingStep.Extent, _ range: Range<Int>) {
    let isTraining = extent == .training
    let (kernels, ends) = isTraining ? (trainingKernels, trainingEnds) : (evaluationKernels, evaluationEnds)
    var clock = KernelClock(threads: context.threads, leavesOutWaiting: timesLeaveOutWaiting)
    for index in range {
      kernels[index](&state)
      highWaterBytes = max(highWaterBytes, ends[index])
      guard isTraining else { continue }
      kernelTimes[index] += clock.lap()
    }
    kernelsRun += range.count
  }

  /// Names the first forward kernel whose result is not finite, by running forward again and looking.
  private func firstNonFinite() -> String {
    for (kernel, bound) in zip(program.training.kernels, trainingKernels) {
      guard kernel.phase == .forward || kernel.phase == .loss else { break }
      bound(&state)
      for operand in kernel.operands where operand.access.writes && operand.role == .output {
        let buffer = program.training.buffers[operand.buffer]
        let floats = trainingAddresses[operand.buffer].assumingMemoryBound(to: Float.self)
        if !context.allFinite(count: state.rows(buffer) * buffer.columns, x: floats) { return kernel.name }
      }
    }
    return "loss"
  }
}
