import Graph

extension TrainingStep {
  /// The rules every placed step obeys, each broken one as a sentence; empty when the step is sound.
  public func brokenInvariants() -> [String] {
    brokenPlacements() + brokenDataFlow()
  }

  /// Everything placed, aligned, inside the arena, and nothing on top of anything alive.
  private func brokenPlacements() -> [String] {
    var broken: [String] = []
    var placed: [(buffer: Buffer, range: Range<Int>)] = []
    for buffer in buffers {
      guard case .arena(let offset) = buffer.storage else { continue }
      let range = offset..<(offset + buffer.bytes)
      if offset % Bytes.alignment != 0 { broken.append("\(buffer.name) is not aligned") }
      if range.upperBound > arenaBytes { broken.append("\(buffer.name) ends outside the arena") }
      placed.append((buffer, range))
    }
    placed.sort { $0.range.lowerBound < $1.range.lowerBound }
    for (index, first) in placed.enumerated() {
      for second in placed[(index + 1)...] {
        if second.range.lowerBound >= first.range.upperBound { break }
        let apart = first.buffer.lifetime.flatMap { a in
          second.buffer.lifetime.map { b in !a.overlaps(b) }
        }
        if apart != true { broken.append("\(first.buffer.name) overlaps \(second.buffer.name)") }
      }
    }
    return broken
  }

  /// Nothing is read before it is written, and nothing that is mapped is written.
  private func brokenDataFlow() -> [String] {
    var broken: [String] = []
    var written = Set<BufferID>()
    for kernel in kernels {
      for operand in kernel.operands {
        let buffer = buffers[operand.buffer]
        if buffer.lifetime != nil, operand.access.reads, operand.access != .accumulateOverBatch,
          !written.contains(operand.buffer)
        {
          broken.append("\(kernel.name) reads \(buffer.name) before it is written")
        }
        if operand.access.writes, buffer.storage == .mapped {
          broken.append("\(kernel.name) writes \(buffer.name), which is mapped read-only")
        }
      }
      for operand in kernel.operands where operand.access.writes { written.insert(operand.buffer) }
    }
    return broken
  }
}
