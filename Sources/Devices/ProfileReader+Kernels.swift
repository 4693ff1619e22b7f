import Steps
import Units
import Yams

extension ProfileReader {
  /// Reads the measured rates of kernels, `{source: …, rates: {class: {…}}}`; none where the profile has none.
  func kernels(_ sources: inout Sources) throws(DeviceError) -> [String: KernelRate] {
    let field = Field.kernels
    let name = field.rawValue
    guard let node = root[name] else { return [:] }
    let section = try mapping(node, name)
    try refuseUnknownKeys(of: section, accepted: ["source", "rates"], inside: name)
    guard let source = try text(section["source"], name + ".source") else {
      throw complaint(node, name, .sourceMissing)
    }
    guard let rates = section["rates"] else { throw complaint(node, name + ".rates", .missing) }
    var kernels: [String: KernelRate] = [:]
    let rows = try mapping(rates, name + ".rates")
    try refuseUnknownKeys(of: rows, accepted: KernelClass.all.map(\.name), inside: name)
    for (key, value) in rows {
      guard let kernel = key.string else { continue }
      kernels[kernel] = try rate(value, "\(name).\(kernel)")
    }
    sources[field] = source
    return kernels
  }

  private func rate(_ node: Node, _ name: String) throws(DeviceError) -> KernelRate {
    let row = try mapping(node, name)
    try refuseUnknownKeys(
      of: row, accepted: ["rate", "half", "bandwidth", "cache", "cached", "overhead"], inside: name)
    func quantity(_ key: String, _ range: ClosedRange<Double>, _ unit: String) throws(DeviceError) -> Double? {
      try value(row[key], "\(name).\(key)", range, { try Quantity.parse($0, unit: unit) }, "") {
        Quantity.format($0, unit: unit)
      }
    }
    let cache = try value(
      row["cache"], name + ".cache", 1...(1 << 40), { try ByteCount.parse($0) }, "", ByteCount.formatExactly)
    let cached = try quantity("cached", 1e3...1e14, "B/s")
    guard (cache == nil) == (cached == nil) else { throw complaint(node, name, .halfOfACache) }
    let rate = KernelRate(
      operationsPerSecond: try quantity("rate", 1e3...1e15, "FLOP/s"),
      half: try half(row["half"], name + ".half"),
      bytesPerSecond: try quantity("bandwidth", 1e3...1e14, "B/s"), cachedBytesPerSecond: cached,
      cacheBytes: cache ?? 0,
      overheadSeconds: try quantity("overhead", 0...10, "s") ?? 0)
    guard rate.operationsPerSecond != nil || rate.bytesPerSecond != nil else {
      throw complaint(node, name, .noRate)
    }
    return rate
  }

  /// Three extents, as in `[3, 12, 40]`; zeros where there are none.
  private func half(_ node: Node?, _ name: String) throws(DeviceError) -> [Double] {
    guard let node else { return KernelRate.noHalf }
    let expected = DeviceError.Problem.wrongValue("expected rows, columns and depth, as in [3, 12, 40]")
    guard case .sequence(let items) = node, items.count == 3 else { throw complaint(node, name, expected) }
    var half: [Double] = []
    for item in items {
      guard
        let extent = try value(
          item, name, 0...1e9, { Double($0) }, "an extent", { Quantity.fixed($0, decimals: 0) })
      else { throw complaint(item, name, expected) }
      half.append(extent)
    }
    return half
  }

  private func mapping(_ node: Node, _ name: String) throws(DeviceError) -> Node.Mapping {
    guard case .mapping(let mapping) = node else { throw complaint(node, name, .notAMapping) }
    return mapping
  }
}
