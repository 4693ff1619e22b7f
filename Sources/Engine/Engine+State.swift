import Steps

extension StepProgram {
  /// The buffers that one optimizer step hands to the next, in the arena's order: trained tensors and their optimizer state.
  public var persistentBuffers: [Buffer] {
    training.buffers.filter { buffer in
      guard case .arena = buffer.storage else { return false }
      switch buffer.content {
      case .parameter, .state: return true
      default: return false
      }
    }
  }
}

extension Engine {
  /// The memory of ``Steps/StepProgram/persistentBuffers``, in the same order.
  ///
  /// Read between two steps it is all that the rest of a run depends on beside the step's number; written there, a run goes on
  /// from what was written.
  public var persistentBytes: [UnsafeMutableRawBufferPointer] {
    program.persistentBuffers.compactMap { buffer in
      guard case .arena(let offset) = buffer.storage, let base = arenaBytes.baseAddress else { return nil }
      return UnsafeMutableRawBufferPointer(
        start: UnsafeMutableRawPointer(mutating: base + offset), count: buffer.bytes)
    }
  }
}
