import Foundation
import Testing

/// What Scripts/make-optimizer-reference.py computed.
struct Reference: Decodable {
  struct Run: Decodable {
    struct Step: Decodable {
      let gradient, parameters: [Float]
      let states: [[Float]]
    }
    let shape: [Int]
    let learningRate, weightDecay: Double
    let start: [Float]
    let steps: [Step]
  }
  struct EightBit: Decodable {
    let signed, unsigned, x, roundedSigned, roundedUnsigned: [Float]
    let adamW: Run
  }
  struct SixteenBit: Decodable {
    let bits: [UInt32]
    let bfloat16, float16: [UInt16]
  }
  struct Int8Weights: Decodable {
    let rows, columns: Int
    let x: [Float]
    let codes: [Int8]
    let scales: [Float]
  }
  let adafactor: [Run]
  let lion: Run
  let eightBit: EightBit
  let sixteenBit: SixteenBit
  let int8: Int8Weights

  static func load() throws -> Reference {
    let file = try #require(Bundle.module.url(forResource: "Fixtures/optimizers", withExtension: "json"))
    return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
  }
}

/// Bytes of their own, between guards that show a write outside.
final class Bytes {
  private let storage: Buffer
  let count: Int

  init(count: Int) {
    self.count = count
    storage = Buffer(count: (count + 3) / 4, of: 0)
  }

  var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(storage.pointer) }

  /// The contents; a test that finds a guard overwritten fails.
  var values: [UInt8] {
    _ = storage.values
    return [UInt8](UnsafeRawBufferPointer(start: pointer, count: count))
  }
}
