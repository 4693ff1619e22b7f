import Devices
import Foundation
import Testing

@Suite("Built-in profiles")
struct BuiltInProfileTests {
  /// The top-level folder that the embedded profiles are made from.
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Profiles")

  @Test("the executable holds exactly the files of the folder Profiles")
  func embedsTheFolder() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    #expect(files.sorted() == DeviceCatalogue.names.map { $0 + ".yaml" })
    #expect(DeviceCatalogue.names.count >= 16)
  }

  @Test("a profile loaded by name equals the one loaded from its file", arguments: DeviceCatalogue.names)
  func namesMatchFiles(name: String) throws {
    let path = Self.folder.appendingPathComponent(name + ".yaml").path
    #expect(try DeviceCatalogue.load(nameOrPath: name) == DeviceCatalogue.load(nameOrPath: path))
  }

  @Test("figures lie within what such devices can have", arguments: DeviceCatalogue.names)
  func isPlausible(name: String) throws {
    let device = try DeviceCatalogue.load(nameOrPath: name)
    #expect(device.identifier == name)
    #expect(device.systemReservedBytes < device.totalMemoryBytes)
    #expect(
      device.budgetBytes > 0 && device.budgetBytes <= device.totalMemoryBytes - device.systemReservedBytes)
    #expect((1...16).contains(device.cores))
    #expect((1e9...1e11).contains(device.memoryBandwidthBytesPerSecond))
    // A core computes 2 to 32 single-precision operations a cycle, at 0.4 to 4 GHz.
    #expect((0.8e9...1.3e11).contains(device.peakFLOPS / Double(device.cores)))
    // No device reads storage faster than memory, and none computes less than a tenth of what it can load.
    #expect(device.storageReadBytesPerSecond < device.memoryBandwidthBytesPerSecond)
    #expect((0.1...100).contains(device.peakFLOPS / device.memoryBandwidthBytesPerSecond))
    #expect((0.1...100).contains(device.activePowerWatts ?? 1))
  }

  @Test("every figure has a source, and only figures that are given have one", arguments: DeviceCatalogue.names)
  func hasSources(name: String) throws {
    let device = try DeviceCatalogue.load(nameOrPath: name)
    let optional: [DeviceProfile.Field: Bool] = [
      .perProcessLimit: device.perProcessLimitBytes != nil, .activePower: device.activePowerWatts != nil,
      .runtime: device.runtimeBytes != nil, .kernels: !device.kernels.isEmpty,
    ]
    for field in DeviceProfile.Field.allCases {
      #expect((device.sources[field] != nil) == optional[field, default: true], "\(field.rawValue)")
      #expect((device.sources[field] ?? "a source").count >= 8, "\(field.rawValue)")
    }
  }

  @Test("the limits that bind are the ones documented")
  func budgets() throws {
    let zero = try DeviceCatalogue.load(nameOrPath: "raspberry-pi-zero-2w")
    #expect(zero.budgetBytes == (512 - 167) * 1_048_576)
    let phone = try DeviceCatalogue.load(nameOrPath: "iphone-12-mini")
    #expect(phone.budgetBytes == 2_100_000_000)
    #expect(!phone.cleanMappedPagesCount)
  }

  @Test("a profile survives JSON with its sources")
  func codable() throws {
    let device = try DeviceCatalogue.load(nameOrPath: "iphone-12-mini")
    let data = try JSONEncoder().encode(device)
    #expect(try JSONDecoder().decode(DeviceProfile.self, from: data) == device)
    #expect(String(decoding: data, as: UTF8.self).contains(#""total_memory":"estimate:"#))
  }

  @Test("a budget is never negative and never overflows, whatever the figures")
  func budgetOfNonsense() {
    func budget(total: Int, reserved: Int, limit: Int? = nil) -> Int {
      DeviceProfile(
        identifier: "x", title: "x", totalMemoryBytes: total, systemReservedBytes: reserved,
        perProcessLimitBytes: limit, cleanMappedPagesCount: true, cores: 1, memoryBandwidthBytesPerSecond: 1,
        peakFLOPS: 1, storageReadBytesPerSecond: 1
      ).budgetBytes
    }
    #expect(budget(total: 10, reserved: 4) == 6)
    #expect(budget(total: 10, reserved: 4, limit: 5) == 5)
    #expect(budget(total: 10, reserved: 40) == 0)
    #expect(budget(total: Int.max, reserved: Int.min) == 0)
    #expect(budget(total: 10, reserved: 4, limit: -5) == 0)
  }
}
