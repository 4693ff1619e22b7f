import Steps
import Units

extension DeviceProfile {
  /// The text of a profile's file: what `DeviceCatalogue` reads back, with rates to five digits.
  ///
  /// - Parameter comment: lines that stand first.
  public func yaml(comment: [String] = []) -> String {
    var text = comment.map { "# \($0)\n" }.joined()
    text += "title: \(quoted(title))\n"
    func add(_ field: Field, _ value: String?) {
      guard let value else { return }
      text += "\n\(field.rawValue):\n  value: \(value)\n  source: \(quoted(sources[field] ?? "not given"))\n"
    }
    add(.totalMemory, "\(totalMemoryBytes)")
    add(.systemReserved, "\(systemReservedBytes)")
    add(.perProcessLimit, perProcessLimitBytes.map { "\($0)" })
    add(.cleanMappedPagesCount, "\(cleanMappedPagesCount)")
    add(.cores, "\(cores)")
    add(.memoryBandwidth, exact(memoryBandwidthBytesPerSecond, "B/s"))
    add(.peakFLOPS, exact(peakFLOPS, "FLOP/s"))
    add(.storageRead, exact(storageReadBytesPerSecond, "B/s"))
    add(.activePower, activePowerWatts.map { exact($0, "W") })
    add(.runtime, runtimeBytes.map { "\($0)" })
    if !kernels.isEmpty {
      text += "\n\(Field.kernels.rawValue):\n  source: \(quoted(sources[.kernels] ?? "not given"))\n  rates:\n"
      for name in KernelClass.all.map(\.name) {
        guard let rate = kernels[name] else { continue }
        text += "    \(name): {\(figures(rate))}\n"
      }
    }
    if let notes { text += "\nnotes: \(quoted(notes))\n" }
    return text
  }

  private func figures(_ rate: KernelRate) -> String {
    var figures: [String] = []
    if let operations = rate.operationsPerSecond { figures.append("rate: \(exact(operations, "FLOP/s"))") }
    if rate.half != KernelRate.noHalf {
      figures.append("half: [\(rate.half.map { Quantity.fixed($0, decimals: 1) }.joined(separator: ", "))]")
    }
    if let bytes = rate.bytesPerSecond { figures.append("bandwidth: \(exact(bytes, "B/s"))") }
    if let cached = rate.cachedBytesPerSecond {
      figures.append("cache: \(rate.cacheBytes), cached: \(exact(cached, "B/s"))")
    }
    if rate.overheadSeconds > 0 {
      figures.append("overhead: \(Quantity.fixed(rate.overheadSeconds * 1e3, decimals: 4)) ms")
    }
    return figures.joined(separator: ", ")
  }

  /// A quantity that the reader reads, to five digits: `186.42 GFLOP/s`.
  private func exact(_ value: Double, _ unit: String) -> String {
    let (prefix, factor) =
      [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)].first { value >= $0.1 } ?? ("", 1)
    let scaled = value / factor
    return "\(Quantity.fixed(scaled, decimals: scaled >= 100 ? 2 : scaled >= 10 ? 3 : 4)) \(prefix)\(unit)"
  }

  /// A double-quoted scalar on one line.
  private func quoted(_ text: String) -> String {
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return "\"" + words.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
