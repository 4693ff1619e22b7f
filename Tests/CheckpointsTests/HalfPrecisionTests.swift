import TestSupport
import Testing

@testable import Checkpoints

@Suite("16-bit floats")
struct HalfPrecisionTests {
  @Test(
    "F16 widens to known bit patterns",
    arguments: [
      (0x0000, 0x0000_0000), (0x8000, 0x8000_0000), (0x3C00, 0x3F80_0000), (0xC000, 0xC000_0000),
      (0x7BFF, 0x477F_E000), (0x0400, 0x3880_0000), (0x0001, 0x3380_0000), (0x03FF, 0x387F_C000),
      (0x8001, 0xB380_0000), (0x7C00, 0x7F80_0000), (0xFC00, 0xFF80_0000), (0x3555, 0x3EAA_A000),
    ] as [(UInt16, UInt32)])
  func float16(half: UInt16, single: UInt32) {
    #expect(HalfPrecision.widenFloat16(half).bitPattern == single)
  }

  #if !(os(macOS) && arch(x86_64))
    @Test("every F16 widens as Float16 does")
    func everyFloat16() {
      let wrong = (UInt16.min ... .max).filter { bits in
        let (widened, expected) = (HalfPrecision.widenFloat16(bits), Float(Float16(bitPattern: bits)))
        return expected.isNaN
          ? !widened.isNaN || widened.sign != expected.sign : widened.bitPattern != expected.bitPattern
      }
      #expect(wrong.isEmpty)
    }
  #endif

  @Test("every BF16 is the upper half of its F32")
  func everyBFloat16() {
    let wrong = (UInt16.min ... .max).filter {
      HalfPrecision.widenBFloat16($0).bitPattern != UInt32($0) << 16
    }
    #expect(wrong.isEmpty)
    #expect(HalfPrecision.widenBFloat16(0x3FC0) == 1.5)
    #expect(HalfPrecision.widenBFloat16(0xC049) == -3.140625)
  }

  @Test(
    "a tensor longer than the conversion buffer is read whole and in parts",
    arguments: [DataType.float16, .bfloat16])
  func reading(type: DataType) throws {
    let count = 70_000
    var random = SeededGenerator(seed: 7)
    let bits = (0..<count).map { _ in UInt16.random(in: 0..<0x7C00, using: &random) }
    let expected = bits.map(type == .float16 ? HalfPrecision.widenFloat16 : HalfPrecision.widenBFloat16)
    let directory = try TemporaryDirectory()
    let header =
      "{\"a\":{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(count)],\"data_offsets\":[0,\(2 * count)]}}"
    let file = try SafetensorsFile(
      directory.write(
        safetensors(header) + bits.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, to: "x.safetensors"))
    let tensor = try #require(file.tensor(named: "a"))
    #expect(file.mappedFloats(tensor) == nil)
    for range in [0..<count, 0..<0, 1..<2, 32_767..<32_769, 40_000..<count] {
      let values = try [Float](unsafeUninitializedCapacity: range.count + 1) { buffer, initialized in
        try file.read(tensor, elements: range, into: #require(buffer.baseAddress))
        initialized = range.count
      }
      #expect(values == Array(expected[range]), "\(range)")
    }
  }
}
