import Engine
import Limits
import Steps

/// Which planned and mapped bytes a run never touched.
struct Residency {
  private let engine: Engine

  init(_ engine: Engine) { self.engine = engine }

  /// The arena's untouched pages by the buffers that lie there, then mapped tensors; largest first.
  func untouched() -> [TrainingReport.Untouched] {
    var result: [TrainingReport.Untouched] = []
    if let base = engine.arenaBytes.baseAddress,
      let arena = try? PageResidency.of(base, length: engine.arenaBytes.count), arena.untouchedBytes > 0
    {
      result.append(.init(name: "arena: \(owners(of: arena.untouched))", bytes: arena.untouchedBytes))
    }
    for (name, bytes) in engine.mappedTensors {
      guard let base = bytes.baseAddress, let pages = try? PageResidency.of(base, length: bytes.count),
        pages.untouchedBytes > 0
      else { continue }
      result.append(.init(name: name, bytes: pages.untouchedBytes))
    }
    return result.sorted { ($0.bytes, $1.name) > ($1.bytes, $0.name) }
  }

  /// Up to three buffers that own untouched bytes of the arena.
  private func owners(of ranges: [Range<Int>]) -> String {
    let names = engine.program.training.buffers.filter { buffer in
      guard case .arena(let offset) = buffer.storage else { return false }
      return ranges.contains { $0.overlaps(offset..<offset + buffer.bytes) }
    }.map(\.name)
    return names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
  }
}
