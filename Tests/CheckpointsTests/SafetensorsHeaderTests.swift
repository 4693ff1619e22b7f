import Files
import Foundation
import TestSupport
import Testing

@testable import Checkpoints

@Suite("Safetensors headers")
struct SafetensorsHeaderTests {
  typealias Reason = SafetensorsError.Reason

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let reason: Reason
    var testDescription: String { name }

    init(_ name: String, _ bytes: [UInt8], _ reason: Reason) {
      (self.name, self.bytes, self.reason) = (name, bytes, reason)
    }
  }

  static func one(
    _ dtype: String = "\"F32\"", _ shape: String = "[1]", _ offsets: String = "[0,4]", dataBytes: Int = 4
  ) -> [UInt8] {
    safetensors(
      "{\"a\":{\"dtype\":\(dtype),\"shape\":\(shape),\"data_offsets\":\(offsets)}}", dataBytes: dataBytes)
  }

  /// Two F32 tensors at the ranges given, over 8 bytes.
  static func two(_ first: String, _ second: String, dataBytes: Int = 8) -> [UInt8] {
    let (a, b) = (entry(first), entry(second))
    return safetensors("{\"a\":\(a),\"b\":\(b)}", dataBytes: dataBytes)
  }

  private static func entry(_ range: String) -> String {
    "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\(range)}"
  }

  static let hostile: [Case] = [
    Case("empty file", [], .tooShort(bytes: 0)),
    Case("seven bytes", [2, 0, 0, 0, 0, 0, 0], .tooShort(bytes: 7)),
    Case("length of all ones", [UInt8](repeating: 0xFF, count: 10), .headerTooLong(bytes: .max)),
    Case("length of 2⁶³", [0, 0, 0, 0, 0, 0, 0, 0x80, 0x7B, 0x7D], .headerTooLong(bytes: 1 << 63)),
    Case("length above the cap", [0x01, 0xE1, 0xF5, 0x05, 0, 0, 0, 0], .headerTooLong(bytes: 100_000_001)),
    Case(
      "length at the cap", [0x00, 0xE1, 0xF5, 0x05, 0, 0, 0, 0],
      .headerBeyondFile(bytes: 100_000_000, available: 0)),
    Case(
      "length one too long", [3, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D], .headerBeyondFile(bytes: 3, available: 2)),
    Case("empty header", safetensors(""), .headerNotObject),
    Case("space before the brace", safetensors(" {}"), .headerNotObject),
    Case("an array", safetensors("[]"), .headerNotObject),
    Case("unclosed object", safetensors("{"), .invalidJSON(JSONError(.unexpectedEnd, at: 1))),
    Case("zero padding", safetensors("{}\0"), .invalidJSON(JSONError(.trailingBytes, at: 2))),
    Case("two objects", safetensors("{}{}"), .invalidJSON(JSONError(.trailingBytes, at: 2))),
    Case(
      "trailing comma", safetensors("{\"__metadata__\":{},}"), .invalidJSON(JSONError(.unexpectedByte, at: 19))),
    Case("not UTF-8", [3, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0xFF, 0x7D], .invalidJSON(JSONError(.notUTF8, at: 1))),
    Case(
      "duplicate tensor", two("[0,4]", "[4,8]").replacing("\"b\"", "\"a\""),
      .invalidJSON(JSONError(.duplicateKey("a"), at: 54))),
    Case(
      "duplicate field",
      safetensors(
        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", dataBytes: 4),
      .invalidJSON(JSONError(.duplicateKey("dtype"), at: 20))),
    Case(
      "duplicate metadata", safetensors("{\"__metadata__\":{\"x\":\"\",\"x\":\"\"}}"),
      .invalidJSON(JSONError(.duplicateKey("x"), at: 24))),
    Case("metadata is a string", safetensors("{\"__metadata__\":\"pt\"}"), .metadataNotStrings(key: nil)),
    Case("metadata holds a number", safetensors("{\"__metadata__\":{\"x\":1}}"), .metadataNotStrings(key: "x")),
    Case("entry is a number", safetensors("{\"a\":1}"), .tensorNotObject("a")),
    Case("entry is an array", safetensors("{\"a\":[\"F32\",[1],[0,4]]}", dataBytes: 4), .tensorNotObject("a")),
    Case("entry is empty", safetensors("{\"a\":{}}"), .missingField(tensor: "a", field: "dtype")),
    Case(
      "no shape", safetensors("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", dataBytes: 4),
      .missingField(tensor: "a", field: "shape")),
    Case(
      "no offsets", safetensors("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", dataBytes: 4),
      .missingField(tensor: "a", field: "data_offsets")),
    Case("unknown dtype", one("\"F31\""), .unknownDataType(tensor: "a", "F31")),
    Case("lower-case dtype", one("\"f32\""), .unknownDataType(tensor: "a", "f32")),
    Case("dtype is a number", one("32"), .invalidField(tensor: "a", field: "dtype")),
    Case("shape is a number", one("\"F32\"", "1"), .invalidField(tensor: "a", field: "shape")),
    Case("shape holds a string", one("\"F32\"", "[\"1\"]"), .invalidField(tensor: "a", field: "shape")),
    Case("shape nests", one("\"F32\"", "[[1]]"), .invalidField(tensor: "a", field: "shape")),
    Case("negative shape", one("\"F32\"", "[-1]"), .invalidInteger(tensor: "a", field: "shape", "-1")),
    Case("negative zero", one("\"F32\"", "[-0]"), .invalidInteger(tensor: "a", field: "shape", "-0")),
    Case("fraction", one("\"F32\"", "[1.0]"), .invalidInteger(tensor: "a", field: "shape", "1.0")),
    Case("exponent", one("\"F32\"", "[1e0]"), .invalidInteger(tensor: "a", field: "shape", "1e0")),
    Case("leading zero", one("\"F32\"", "[01]"), .invalidJSON(JSONError(.invalidNumber, at: 29))),
    Case(
      "2⁶³", one("\"F32\"", "[9223372036854775808]"),
      .invalidInteger(tensor: "a", field: "shape", "9223372036854775808")),
    Case(
      "shape product overflows", one("\"F32\"", "[4294967296,4294967296]"),
      .sizeOverflow(tensor: "a", shape: [1 << 32, 1 << 32])),
    Case(
      "byte product overflows", one("\"F32\"", "[4611686018427387904]"),
      .sizeOverflow(tensor: "a", shape: [1 << 62])),
    Case("one offset", one("\"F32\"", "[1]", "[0]"), .invalidField(tensor: "a", field: "data_offsets")),
    Case("three offsets", one("\"F32\"", "[1]", "[0,4,8]"), .invalidField(tensor: "a", field: "data_offsets")),
    Case(
      "negative offset", one("\"F32\"", "[1]", "[-4,0]"),
      .invalidInteger(tensor: "a", field: "data_offsets", "-4")),
    Case("reversed offsets", one("\"F32\"", "[1]", "[4,0]"), .offsetsReversed(tensor: "a", begin: 4, end: 0)),
    Case("beyond the data", one("\"F32\"", "[2]", "[0,8]"), .beyondData(tensor: "a", end: 8, dataBytes: 4)),
    Case(
      "far beyond the data", one("\"F32\"", "[1]", "[0,9223372036854775807]"),
      .beyondData(tensor: "a", end: .max, dataBytes: 4)),
    Case("hole at the start", one("\"F32\"", "[1]", "[4,8]", dataBytes: 8), .hole(before: "a", from: 0, to: 4)),
    Case("hole in the middle", two("[0,4]", "[8,12]", dataBytes: 12), .hole(before: "b", from: 4, to: 8)),
    Case("overlap", two("[0,4]", "[2,6]", dataBytes: 6), .overlap(tensor: "b", begin: 2, previousEnd: 4)),
    Case(
      "the same bytes twice", two("[0,4]", "[0,4]", dataBytes: 4),
      .overlap(tensor: "b", begin: 0, previousEnd: 4)),
    Case("shape too small", one("\"F32\"", "[0]"), .sizeMismatch(tensor: "a", shapeBytes: 0, rangeBytes: 4)),
    Case("shape too large", one("\"F64\""), .sizeMismatch(tensor: "a", shapeBytes: 8, rangeBytes: 4)),
    Case("half a byte", one("\"F4\"", "[7]"), .partialByte(tensor: "a", bits: 28)),
    Case("bytes at the end", one(dataBytes: 5), .uncoveredData(from: 4, dataBytes: 5)),
    Case("data without tensors", safetensors("{}", dataBytes: 1), .uncoveredData(from: 0, dataBytes: 1)),
  ]

  @Test("a hostile file is an error that names it and what is wrong", arguments: hostile)
  func rejected(hostile: Case) throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write(hostile.bytes, to: "x.safetensors")
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(file) }
    #expect(error?.reason == hostile.reason)
    #expect(error?.description.hasPrefix(file.path + ": ") == true)
    #expect(error?.description.contains("\n") == false)
    #expect(error?.exitStatus == .malformedInput)
  }

  @Test("nesting and padding cannot exhaust the stack")
  func nesting() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write(
      safetensors("{\"a\":{\"x\":" + String(repeating: "[", count: 1_000_000)), to: "x.safetensors")
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(file) }
    guard case .invalidJSON(let json) = error?.reason, json.reason == .tooDeep else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("a scalar, empty tensors, packed small floats, unknown fields and padding are all sound")
  func accepted() throws {
    let directory = try TemporaryDirectory()
    let file = try SafetensorsFile(
      directory.write(
        safetensors(
          """
          {"z":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"__metadata__":{"format":"pt"},
          "e":{"shape":[3,0],"data_offsets":[4,4],"dtype":"I64","note":[{"x":null}]},
          "f":{"dtype":"F4","shape":[2,2],"data_offsets":[4,6]}}   \n
          """, dataBytes: 6), to: "x.safetensors"))
    #expect(file.names == ["z", "e", "f"])
    #expect(file.header.metadata == ["format": "pt"])
    #expect(file.tensor(named: "z")?.count == 1)
    #expect(file.tensor(named: "e")?.count == 0)
    #expect(file.tensor(named: "f")?.count == 4)
    #expect(file.tensor(named: "z")?.byteOffset == file.header.byteCount)
    #expect(file.tensor(named: "q") == nil)
  }

  @Test("directories, pipes and absent files are refused, not waited for")
  func notRegular() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: FileError(.open, path: directory.url.path, code: EISDIR)) {
      try SafetensorsFile(directory.url)
    }
    let pipe = directory("pipe")
    try #require(mkfifo(pipe.path, 0o600) == 0)
    #expect(throws: FileError(.open, path: pipe.path, code: EINVAL)) { try SafetensorsFile(pipe) }
    let absent = directory("absent")
    let error = #expect(throws: FileError.self) { try SafetensorsFile(absent) }
    #expect(error == FileError(.open, path: absent.path, code: ENOENT))
    #expect(error?.exitStatus == .missingInput)
  }

  @Test("files damaged at random load or give an error, and never trap", arguments: [1, 2, 3, 4] as [UInt64])
  func fuzz(seed: UInt64) throws {
    let sound = Self.two("[0,4]", "[4,8]")
    var random = SeededGenerator(seed: seed)
    var loaded = 0
    for _ in 0..<2000 {
      var bytes = sound
      for _ in 0...Int.random(in: 0..<3, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[index] = Array("0123456789-,:[]{}\"e.".utf8).randomElement(using: &random) ?? 0
        case 2: bytes.removeLast(bytes.count - index)
        case 3: bytes.remove(at: index)
        default: bytes.insert(bytes[index], at: index)
        }
      }
      do {
        let prefix = Array(bytes.prefix(SafetensorsHeader.lengthBytes))
        let length = try SafetensorsHeader.jsonLength(prefix, fileBytes: bytes.count)
        let header = try SafetensorsHeader(
          json: Array(bytes[prefix.count..<prefix.count + length]), fileBytes: bytes.count)
        loaded += 1
        #expect(
          header.tensors.allSatisfy { $0.byteOffset + $0.byteCount <= bytes.count }, "seed \(seed): \(bytes)")
      } catch {
        if error.description.contains("\n") { Issue.record("seed \(seed): \(bytes): \(error)") }
      }
    }
    // Changes to the data alone are harmless, so some must load; most must not.
    #expect(1..<1500 ~= loaded, "seed \(seed): \(loaded) of 2000 loaded")
  }
}

extension [UInt8] {
  fileprivate func replacing(_ old: String, _ new: String) -> [UInt8] {
    String(decoding: self, as: UTF8.self).replacingOccurrences(of: old, with: new).utf8.map { $0 }
  }
}
