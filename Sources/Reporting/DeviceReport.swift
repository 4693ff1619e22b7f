import Devices
import Units

/// The device profiles known by name.
public struct DeviceListReport: Report {
  public let devices: [DeviceReport]

  public init(_ profiles: [DeviceProfile]) { devices = profiles.map(DeviceReport.init) }

  public func text(_ style: TextStyle) -> String {
    var table = Table([
      .left("device"), .right("memory"), .right("budget"), .left("mapped"), .right("cores"),
      .right("bandwidth"),
      .right("GFLOP/s"),
    ])
    for device in devices.map(\.profile) {
      table.append([
        Table.Cell(device.identifier), Table.Cell(ByteCount.format(device.totalMemoryBytes)),
        Table.Cell(ByteCount.format(device.budgetBytes, rounding: .down)),
        Table.Cell(device.cleanMappedPagesCount ? "counts" : "free"), Table.Cell("\(device.cores)"),
        Table.Cell(Quantity.bytesPerSecond(device.memoryBandwidthBytesPerSecond)),
        Table.Cell(Quantity.fixed(device.peakFLOPS / 1e9, decimals: 1)),
      ])
    }
    return table.text(style)
  }
}

/// One profile, every figure with its source.
public struct DeviceReport: Report {
  public let profile: DeviceProfile

  public init(_ profile: DeviceProfile) { self.profile = profile }

  public func text(_ style: TextStyle) -> String {
    let budget = ByteCount.format(profile.budgetBytes, rounding: .down)
    var text = style.apply(.heading, to: profile.title) + "\n"
    text += style.paragraph(
      "A training process may use \(budget) (\(ByteCount.formatExactly(profile.budgetBytes))).")
    for field in DeviceProfile.Field.allCases {
      guard let value = value(of: field) else { continue }
      text += "\n" + style.apply(.heading, to: field.rawValue) + "  \(value)\n"
      text += profile.sources[field].map { style.paragraph($0, indent: 2) } ?? ""
    }
    return text + (profile.notes.map { "\n" + style.paragraph($0) } ?? "")
  }

  private func value(of field: DeviceProfile.Field) -> String? {
    switch field {
    case .totalMemory: ByteCount.format(profile.totalMemoryBytes)
    case .systemReserved: ByteCount.format(profile.systemReservedBytes)
    case .perProcessLimit: profile.perProcessLimitBytes.map { ByteCount.format($0, rounding: .down) }
    case .cleanMappedPagesCount: profile.cleanMappedPagesCount ? "yes" : "no"
    case .cores: "\(profile.cores)"
    case .memoryBandwidth: Quantity.bytesPerSecond(profile.memoryBandwidthBytesPerSecond)
    case .peakFLOPS: Quantity.flopsPerSecond(profile.peakFLOPS)
    case .storageRead: Quantity.bytesPerSecond(profile.storageReadBytesPerSecond)
    case .activePower: profile.activePowerWatts.map { Quantity.watts($0) }
    case .runtime: profile.runtimeBytes.map { ByteCount.format($0) }
    case .kernels: profile.kernels.isEmpty ? nil : "\(profile.kernels.count) kinds measured"
    }
  }

  private enum CodingKeys: String, CodingKey {
    case name, title, totalMemoryBytes, systemReservedBytes, perProcessLimitBytes, budgetBytes
    case cleanMappedPagesCount, cores, memoryBandwidthBytesPerSecond, peakFlops, storageReadBytesPerSecond
    case activePowerWatts, runtimeBytes, kernels, notes, sources
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(profile.identifier, forKey: .name)
    try container.encode(profile.title, forKey: .title)
    try container.encode(profile.totalMemoryBytes, forKey: .totalMemoryBytes)
    try container.encode(profile.systemReservedBytes, forKey: .systemReservedBytes)
    try container.encodeIfPresent(profile.perProcessLimitBytes, forKey: .perProcessLimitBytes)
    try container.encode(profile.budgetBytes, forKey: .budgetBytes)
    try container.encode(profile.cleanMappedPagesCount, forKey: .cleanMappedPagesCount)
    try container.encode(profile.cores, forKey: .cores)
    try container.encode(profile.memoryBandwidthBytesPerSecond, forKey: .memoryBandwidthBytesPerSecond)
    try container.encode(profile.peakFLOPS, forKey: .peakFlops)
    try container.encode(profile.storageReadBytesPerSecond, forKey: .storageReadBytesPerSecond)
    try container.encodeIfPresent(profile.activePowerWatts, forKey: .activePowerWatts)
    try container.encodeIfPresent(profile.runtimeBytes, forKey: .runtimeBytes)
    if !profile.kernels.isEmpty { try container.encode(profile.kernels, forKey: .kernels) }
    try container.encodeIfPresent(profile.notes, forKey: .notes)
    let sources = profile.sources.map { ($0.key.rawValue, $0.value) }
    try container.encode(Dictionary(uniqueKeysWithValues: sources), forKey: .sources)
  }
}
