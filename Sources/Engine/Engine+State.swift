import Steps

extension StepProgram {
  /// The buffers that steps change and hand on, in the arena's order: trained tensors and their optimizer state.
  ///
  /// What is frozen comes from the model again, also where it is kept in the arena.
  public var persistentBuffers: [Buffer] {
    var written = Set<BufferID>()
    for kernel in training.kernels {
      for operand in kernel.operands where operand.access.writes { written.insert(operand.buffer) }
    }
    return training.buffers.enumerated().filter { index, buffer in
      guard case .arena = buffer.storage, written.contains(index) else { return false }
      switch buffer.content {
      case .parameter, .state: return true
      default: return false
      }
    }.map(\.element)
  }
}

extension Engine {
  /// The memory of ``Steps/StepProgram/persistentBuffers``, in the same order.
  ///
  /// Read between two steps it is all that the rest of a run depends on beside the step's number; written there, after
  /// ``loadWeights()``, a run goes on from what was written.
  public var persistentBytes: [UnsafeMutableRawBufferPointer] {
    program.persistentBuffers.compactMap { buffer in
      guard case .arena(let offset) = buffer.storage, let base = arenaBytes.baseAddress else { return nil }
      return UnsafeMutableRawBufferPointer(
        start: UnsafeMutableRawPointer(mutating: base + offset), count: buffer.bytes)
    }
  }
}
