import Devices
import Foundation
import TestSupport
import Testing

/// A complete profile with one figure a line; tests replace, remove or add single lines.
private let lines = [
  "title: Board",
  "total_memory: {value: 512MiB, source: data sheet}",
  "system_reserved: {value: 100MiB, source: free}",
  "clean_mapped_pages_count: {value: true, source: derived}",
  "cores: {value: 4, source: data sheet}",
  "memory_bandwidth: {value: 2.6 GB/s, source: STREAM}",
  "peak_flops: {value: 32 GFLOP/s, source: derived}",
  "storage_read: {value: 22 MB/s, source: estimate}",
]

@Suite("Profiles of one's own")
struct MalformedProfileTests {
  private func load(_ text: String) throws -> DeviceProfile {
    try DeviceCatalogue.parse(text, file: "board.yaml", identifier: "board")
  }

  private func load(replacing line: Int, with replacement: String) throws -> DeviceProfile {
    var changed = lines
    changed[line - 1] = replacement
    return try load(changed.joined(separator: "\n"))
  }

  @Test("a complete profile is read, optional figures and all")
  func reads() throws {
    let plain = try load(lines.joined(separator: "\n"))
    #expect(plain.totalMemoryBytes == 536_870_912)
    #expect(plain.budgetBytes == 412 * 1_048_576)
    #expect(plain.perProcessLimitBytes == nil && plain.activePowerWatts == nil && plain.runtimeBytes == nil)
    let full = try load(
      (lines + [
        "per_process_limit: {value: 300MiB, source: tried}", "active_power: {value: 2.1 W, source: meter}",
        "runtime: {value: 21 MiB, source: VmHWM}", "notes: >-", "  two", "  lines",
      ]).joined(separator: "\n"))
    #expect(full.budgetBytes == 300 * 1_048_576)
    #expect(full.activePowerWatts == 2.1)
    #expect(full.runtimeBytes == 21 * 1_048_576)
    #expect(full.notes == "two lines")
    #expect(full.sources[.activePower] == "meter")
  }

  @Test(
    "one bad line is refused with file, line and field",
    arguments: [
      (2, "total_memory: 512MiB", "board.yaml:2: total_memory: expected a mapping"),
      (2, "total_memory: [512MiB]", "board.yaml:2: total_memory: expected a mapping"),
      (2, "total_memory: {value: [1], source: x}", "board.yaml:2: total_memory: expected one plain value"),
      (
        2, "total_memory: {value: 512M, source: x}",
        "board.yaml:2: total_memory: the unit 'M' in '512M' is ambig"
      ),
      (2, "total_memory: {value: -1, source: x}", "board.yaml:2: total_memory: '-1' is negative"),
      (
        2, "total_memory: {value: 5 GB/s, source: x}",
        "board.yaml:2: total_memory: 'GB/s' in '5 GB/s' is no unit"
      ),
      (
        2, "total_memory: {value: 1 KiB, source: x}",
        "board.yaml:2: total_memory: '1 KiB' is outside 65,536 B to"
      ),
      (2, "total_memory: {value: 9 TiB, source: x}", "board.yaml:2: total_memory: '9 TiB' is outside"),
      (2, "total_memory: {source: x}", "board.yaml:2: total_memory.value: missing"),
      (2, "total_memory: {value: 1GiB}", "board.yaml:2: total_memory: has no source"),
      (2, "total_memory: {value: 1GiB, source: ''}", "board.yaml:2: total_memory: has no source"),
      (2, "total_memory: {value: 1GiB, source: '  '}", "board.yaml:2: total_memory: has no source"),
      (2, "total_memory: {value: 1GiB, source: ~}", "board.yaml:2: total_memory: has no source"),
      (2, "total_memory: {value: 1GiB, source: [x]}", "board.yaml:2: total_memory.source: expected one plain"),
      (
        2, "total_memory: {valeu: 1, source: x}",
        "board.yaml:2: total_memory.valeu: unknown field; accepted are v"
      ),
      (2, "total_memory: {value: 1, value: 2, source: x}", "board.yaml:2: value: given more than once"),
      (
        3, "system_reserved: {value: 512MiB, source: x}",
        "board.yaml:3: system_reserved: '512MiB' is outside 0 B"
      ),
      (
        4, "clean_mapped_pages_count: {value: maybe, source: x}",
        "board.yaml:4: clean_mapped_pages_count: 'maybe'"
      ),
      (5, "cores: {value: 0, source: x}", "board.yaml:5: cores: '0' is outside 1 to 1024"),
      (5, "cores: {value: 1.5, source: x}", "board.yaml:5: cores: '1.5' is not a whole number of cores"),
      (
        6, "memory_bandwidth: {value: 2.6 GB, source: x}",
        "board.yaml:6: memory_bandwidth: '2.6 GB' is not a numb"
      ),
      (
        6, "memory_bandwidth: {value: 1 B/s, source: x}",
        "board.yaml:6: memory_bandwidth: '1 B/s' is outside 1.0 M"
      ),
      (
        7, "peak_flops: {value: 99999 TFLOP/s, source: x}",
        "board.yaml:7: peak_flops: '99999 TFLOP/s' is outside"
      ),
      (
        8, "storage_read: {value: fast, source: x}", "board.yaml:8: storage_read: 'fast' is not a number of B/s"
      ),
      (
        8, "storage: {value: 1 MB/s, source: x}",
        "board.yaml:8: storage: unknown field; accepted are title, notes,"
      ),
      (8, "cores: {value: 4, source: x}", "board.yaml:5: cores: given more than once"),
      (8, #""a\nb": 1"#, "board.yaml:8: a b: unknown field"),
      (8, "[a]: b", "board.yaml:8: expected one plain value"),
      (8, "storage_read: {value: 1}}", "board.yaml:8: not YAML: "),
      (8, "storage_read: *nowhere", "board.yaml:8: not YAML: "),
      (8, "\tstorage_read: 1", "board.yaml:8: not YAML: "),
      (1, "title: [Board]", "board.yaml:1: title: expected one plain value"),
      (1, "title:", "board.yaml:1: title: missing"),
    ])
  func refuses(line: Int, text: String, start: String) throws {
    let error = try #require(throws: DeviceError.self) { try load(replacing: line, with: text) }
    #expect(error.description.hasPrefix(start), "\(error)")
    #expect(!error.description.contains("\n"))
    #expect(error.exitStatus == .malformedInput)
  }

  @Test("each required figure is missed by name", arguments: lines.indices)
  func misses(index: Int) throws {
    var remaining = lines
    let name = remaining.remove(at: index).prefix { $0 != ":" }
    let error = try #require(throws: DeviceError.self) { try load(remaining.joined(separator: "\n")) }
    #expect(error == .malformed(file: "board.yaml", line: 1, field: String(name), .missing))
  }

  @Test("limits of a process and bytes of the runtime have to fit the memory they are part of")
  func refusesContradictions() {
    for extra in ["per_process_limit: {value: 1GiB, source: x}", "runtime: {value: 413MiB, source: x}"] {
      #expect(throws: DeviceError.self) { try load((lines + [extra]).joined(separator: "\n")) }
    }
  }

  @Test(
    "text that is no profile at all is refused, never a crash",
    arguments: [
      "", "\n\n", "# only a comment", "just words", "- a\n- b", "42", "\u{0}", "a: \u{1}",
      "---\na: 1\n---\nb: 2",
      String(repeating: "[", count: 60_000), String(repeating: "a: {", count: 15_000),
      String(repeating: "x", count: 70_000),
    ])
  func refusesOtherText(text: String) throws {
    let error = try #require(throws: DeviceError.self) { try load(text) }
    #expect(error.exitStatus == .malformedInput)
    #expect(!error.description.contains("\n"))
  }
}

@Suite("Finding profiles")
struct DeviceCatalogueTests {
  @Test("an unknown name is answered with the nearest ones")
  func nearest() throws {
    func nearest(_ name: String) throws -> [String] {
      let error = try #require(throws: DeviceError.self) { try DeviceCatalogue.load(nameOrPath: name) }
      guard case .unknownName(name, let nearest) = error else { return [] }
      #expect(error.exitStatus == .usage && !error.description.contains("\n"))
      return nearest
    }
    #expect(try nearest("raspberry-pi-zero-2").first == "raspberry-pi-zero-2w")
    #expect(try nearest("rasberry-pi-5-8gb").first == "raspberry-pi-5-8gb")
    #expect(try nearest("Jetson") == ["jetson-nano-4gb", "jetson-orin-nano-8gb", "jetson-xavier-nx-8gb"])
    #expect(try nearest("").count == 3)
  }

  @Test("a missing file is missing input, and so is a folder", arguments: ["/nonexistent/board.yaml", "/tmp/"])
  func missing(path: String) {
    let error = #expect(throws: DeviceError.unreadableFile(path)) {
      try DeviceCatalogue.load(nameOrPath: path)
    }
    #expect(error?.exitStatus == .missingInput)
  }

  @Test("a file of one's own is named by its stem, and bytes that are no UTF-8 are refused")
  func ownFile() throws {
    try withTemporaryDirectory { folder in
      let file = folder.appendingPathComponent("my.board.yaml")
      try Data(lines.joined(separator: "\n").utf8).write(to: file)
      #expect(try DeviceCatalogue.load(nameOrPath: file.path).identifier == "my.board")
      try Data([0x74, 0xFF, 0xFE]).write(to: file)
      let error = #expect(throws: DeviceError.self) { try DeviceCatalogue.load(nameOrPath: file.path) }
      #expect(error?.exitStatus == .malformedInput)
    }
  }
}
