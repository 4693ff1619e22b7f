import Devices
import Steps
import TestSupport
import Testing

private let lines = [
  "title: Board",
  "total_memory: {value: 512MiB, source: data sheet}",
  "system_reserved: {value: 100MiB, source: free}",
  "clean_mapped_pages_count: {value: true, source: derived}",
  "cores: {value: 4, source: data sheet}",
  "memory_bandwidth: {value: 2.6 GB/s, source: STREAM}",
  "peak_flops: {value: 32 GFLOP/s, source: derived}",
  "storage_read: {value: 22 MB/s, source: estimate}",
  "kernels:",
  "  source: measured",
  "  rates:",
]

@Suite("Measured rates of kernels")
struct KernelRateTests {
  private func load(_ rates: String) throws -> DeviceProfile {
    try DeviceCatalogue.parse(
      (lines + ["    " + rates]).joined(separator: "\n"), file: "board.yaml", identifier: "board")
  }

  @Test("rates are read by the names of their classes")
  func reads() throws {
    let device = try load("linear int8: {rate: 20 GFLOP/s, half: [3, 12.5, 0], overhead: 0.004 ms}")
    #expect(
      device.kernels == [
        "linear int8": KernelRate(operationsPerSecond: 20e9, half: [3, 12.5, 0], overheadSeconds: 0.004 * 1e-3)
      ])
    #expect(device.sources[.kernels] == "measured")
    let cached = try load("gelu: {bandwidth: 2 GB/s, cache: 1MiB, cached: 9 GB/s}").kernels["gelu"]
    #expect(cached == KernelRate(bytesPerSecond: 2e9, cachedBytesPerSecond: 9e9, cacheBytes: 1 << 20))
  }

  @Test(
    "one bad rate is refused with file, line and field",
    arguments: [
      ("lienar: {rate: 1 GFLOP/s}", "board.yaml:12: kernels.lienar: unknown field; accepted are linear,"),
      ("linear: 1 GFLOP/s", "board.yaml:12: kernels.linear: expected a mapping"),
      ("linear: {overhead: 1 ms}", "board.yaml:12: kernels.linear: gives neither rate nor bandwidth"),
      ("linear: {rate: 1 GFLOP}", "board.yaml:12: kernels.linear.rate: '1 GFLOP' is not a number of FLOP/s"),
      ("linear: {rate: 0 FLOP/s}", "board.yaml:12: kernels.linear.rate: '0 FLOP/s' is outside 1.0 kFLOP/s to"),
      (
        "linear: {rate: 1 GFLOP/s, half: 3}",
        "board.yaml:12: kernels.linear.half: expected rows, columns and depth"
      ),
      (
        "linear: {rate: 1 GFLOP/s, half: [3, 4]}",
        "board.yaml:12: kernels.linear.half: expected rows, columns and"
      ),
      (
        "linear: {rate: 1 GFLOP/s, half: [3, 4, -1]}",
        "board.yaml:12: kernels.linear.half: '-1' is outside 0 to"
      ),
      (
        "linear: {rate: 1 GFLOP/s, half: [3, 4, nan]}",
        "board.yaml:12: kernels.linear.half: 'nan' is outside 0 to"
      ),
      (
        "linear: {rate: 1 GFLOP/s, half: [3, 4, [5]]}", "board.yaml:12: kernels.linear.half: expected one plain"
      ),
      (
        "linear: {rate: 1 GFLOP/s, speed: 3}",
        "board.yaml:12: kernels.linear.speed: unknown field; accepted are rate"
      ),
      ("linear: {rate: 1 GFLOP/s, overhead: 1 min}", "board.yaml:12: kernels.linear.overhead: '1 min' is not"),
      ("gelu: {bandwidth: 1 GB/s, cache: 1MiB}", "board.yaml:12: kernels.gelu: gives one of cache and cached"),
      (
        "gelu: {bandwidth: 1 GB/s, cache: 0, cached: 2 GB/s}",
        "board.yaml:12: kernels.gelu.cache: '0' is outside"
      ),
    ])
  func refuses(rates: String, start: String) throws {
    let error = try #require(throws: DeviceError.self) { try load(rates) }
    #expect(error.description.hasPrefix(start), "\(error)")
    #expect(!error.description.contains("\n") && error.exitStatus == .malformedInput)
  }

  @Test(
    "the section itself is a mapping with a source and rates",
    arguments: [
      ("kernels: fast", "board.yaml:9: kernels: expected a mapping"),
      ("kernels: {rates: {gelu: {bandwidth: 1 GB/s}}}", "board.yaml:9: kernels: has no source"),
      ("kernels: {source: x}", "board.yaml:9: kernels.rates: missing"),
      ("kernels: {source: x, rates: []}", "board.yaml:9: kernels.rates: expected a mapping"),
    ])
  func refusesSection(text: String, start: String) throws {
    let error = try #require(throws: DeviceError.self) {
      try DeviceCatalogue.parse(
        (lines.prefix(8) + [text]).joined(separator: "\n"), file: "board.yaml", identifier: "board")
    }
    #expect(error.description.hasPrefix(start), "\(error)")
  }

  @Test("a profile that is written is read back: bytes exactly, rates to five digits, sources whole")
  func roundTrip() throws {
    var random = SeededGenerator(seed: 2)
    func rate(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &random) }
    var kernels: [String: KernelRate] = [:]
    for (index, kernel) in KernelClass.all.enumerated() {
      kernels[kernel.name] = KernelRate(
        operationsPerSecond: index % 3 == 0 ? nil : rate(1e6...1e13),
        half: index % 3 == 1 ? [rate(0...900), 0, rate(0...9)] : KernelRate.noHalf,
        bytesPerSecond: index % 3 == 1 ? nil : rate(1e4...1e13),
        cachedBytesPerSecond: index % 3 == 2 ? 1e13 : nil, cacheBytes: index % 3 == 2 ? 12_345 : 0,
        overheadSeconds: index % 2 == 0 ? 0 : rate(1e-6...1e-2))
    }
    let written = DeviceProfile(
      identifier: "board", title: #"A "board": \ {of} # mine"#, totalMemoryBytes: 1_234_567_891,
      systemReservedBytes: 98_765, perProcessLimitBytes: 1_000_003, cleanMappedPagesCount: false, cores: 3,
      memoryBandwidthBytesPerSecond: 12.3456e9, peakFLOPS: 999.994e9, storageReadBytesPerSecond: 87_654,
      activePowerWatts: 2.5, runtimeBytes: 31 << 20, kernels: kernels, notes: "some: notes",
      sources: Dictionary(
        uniqueKeysWithValues: DeviceProfile.Field.allCases.map {
          ($0, "measured: \"\($0.rawValue)\", \\ 100 %")
        }))
    let text = written.yaml(comment: ["A board."])
    let read = try DeviceCatalogue.parse(text, file: "board.yaml", identifier: "board")
    #expect(read.yaml(comment: ["A board."]) == text)
    #expect(read.title == written.title && read.notes == written.notes && read.sources == written.sources)
    #expect(read.totalMemoryBytes == 1_234_567_891 && read.systemReservedBytes == 98_765)
    #expect(read.perProcessLimitBytes == 1_000_003 && read.runtimeBytes == 31 << 20 && read.cores == 3)
    #expect(!read.cleanMappedPagesCount && read.activePowerWatts == 2.5)
    func isClose(_ first: Double?, _ second: Double?, within share: Double = 1e-4) -> Bool {
      guard let first, let second else { return first == nil && second == nil }
      return abs(first - second) <= share * abs(second)
    }
    #expect(isClose(read.peakFLOPS, written.peakFLOPS))
    #expect(isClose(read.memoryBandwidthBytesPerSecond, written.memoryBandwidthBytesPerSecond))
    #expect(isClose(read.storageReadBytesPerSecond, written.storageReadBytesPerSecond))
    #expect(Set(read.kernels.keys) == Set(kernels.keys))
    for (name, rate) in kernels {
      let found = try #require(read.kernels[name])
      #expect(isClose(found.operationsPerSecond, rate.operationsPerSecond), "\(name)")
      #expect(isClose(found.bytesPerSecond, rate.bytesPerSecond), "\(name)")
      #expect(found.cachedBytesPerSecond == rate.cachedBytesPerSecond && found.cacheBytes == rate.cacheBytes)
      #expect(isClose(found.overheadSeconds, rate.overheadSeconds, within: 0.06), "\(name)")
      #expect(zip(found.half, rate.half).allSatisfy { abs($0 - $1) <= 0.051 }, "\(name)")
    }
  }
}
