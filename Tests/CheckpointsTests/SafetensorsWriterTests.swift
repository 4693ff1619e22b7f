import Foundation
import TestSupport
import Testing

@testable import Checkpoints

@Suite("Writing safetensors")
struct SafetensorsWriterTests {
  private let tensors = [
    SafetensorsWriter.Tensor(name: "b", shape: [2, 3]), SafetensorsWriter.Tensor(name: "a\"é", shape: []),
    SafetensorsWriter.Tensor(name: "empty", shape: [0, 5]), SafetensorsWriter.Tensor(name: "c", shape: [4]),
  ]

  @Test("the header is deterministic, and the data begin at a multiple of 8 bytes")
  func header() {
    let bytes = SafetensorsWriter.header(Array(tensors.prefix(2)), ["format": "pt"])
    let json =
      #"{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"#
      + #""a\"é":{"dtype":"F32","shape":[],"data_offsets":[24,28]}}"#
    let padding = (8 - json.utf8.count % 8) % 8
    #expect(
      bytes == [UInt8(json.utf8.count + padding), 0, 0, 0, 0, 0, 0, 0] + Array(json.utf8)
        + [UInt8](repeating: 0x20, count: padding))
    for length in 0..<16 {
      let tensor = SafetensorsWriter.Tensor(name: String(repeating: "n", count: length), shape: [1])
      #expect(SafetensorsWriter.header([tensor], [:]).count % 8 == 0)
    }
  }

  @Test("what is written reads back, by mapping and by copying")
  func roundTrip() throws {
    let directory = try TemporaryDirectory()
    try writeTensors(tensors, to: directory("x.safetensors"))
    let file = try SafetensorsFile(directory("x.safetensors"))
    #expect(file.names == tensors.map(\.name))
    for tensor in file.header.tensors {
      let expected = elements(of: tensor.name, count: tensor.count)
      #expect(file.mappedFloats(tensor).map(Array.init) == expected)
      let copied = try [Float](unsafeUninitializedCapacity: tensor.count + 1) { buffer, initialized in
        try file.read(tensor, elements: 0..<tensor.count, into: #require(buffer.baseAddress))
        initialized = tensor.count
      }
      #expect(copied == expected)
    }
    #expect(directory.names == ["x.safetensors"])
  }

  @Test("floats at an odd address are not mapped, but read")
  func misaligned() throws {
    let directory = try TemporaryDirectory()
    let header = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    for padding in 0..<4 {
      let bytes = safetensors(header + String(repeating: " ", count: padding)) + [0, 0, 0xC0, 0x3F]
      let file = try SafetensorsFile(directory.write(bytes, to: "x.safetensors"))
      let tensor = try #require(file.tensor(named: "a"))
      #expect(
        file.mappedFloats(tensor).map(Array.init) == ((header.utf8.count + padding) % 4 == 0 ? [1.5] : nil))
      var value: Float = 0
      try file.read(tensor, elements: 0..<1, into: &value)
      #expect(value == 1.5)
    }
  }

  @Test("too few or too many elements fail, and leave the old file and nothing else", arguments: [5, 7])
  func wrongCount(count: Int) throws {
    let directory = try TemporaryDirectory()
    let target = try directory.write("old", to: "x.safetensors")
    #expect(
      throws: CheckpointError(
        path: target.path, reason: .wrongElementCount(tensor: "b", expected: 6, got: count))
    ) {
      try SafetensorsWriter.write(tensors, to: target) { tensor, sink in
        try elements(of: tensor.name, count: count).withUnsafeBufferPointer { try sink.write($0) }
      }
    }
    #expect(try String(contentsOf: target, encoding: .utf8) == "old")
    #expect(directory.names == ["x.safetensors"])
  }

  @Test("an integer tensor is not read as floats")
  func integers() throws {
    let directory = try TemporaryDirectory()
    let header = #"{"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}"#
    let file = try SafetensorsFile(directory.write(safetensors(header, dataBytes: 4), to: "x.safetensors"))
    let tensor = try #require(file.tensor(named: "a"))
    #expect(file.mappedFloats(tensor) == nil)
    #expect(
      throws: CheckpointError(path: file.path, reason: .unsupportedDataType(tensor: "a", .int32))
    ) {
      var value: Float = 0
      try file.read(tensor, elements: 0..<1, into: &value)
    }
  }
}
