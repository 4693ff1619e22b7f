import Kernels
import Steps
import Testing

@testable import Engine

@Suite("What is planned for compressed buffers")
struct FormatTests {
  @Test("is what the kernels write, byte for byte, for frozen weights", arguments: Steps.WeightFormat.allCases)
  func weights(format: Steps.WeightFormat) {
    let planned = ElementFormat.weights(format)
    for rows in [1, 2, 7, 64, 100] {
      for columns in [1, 2, 63, 64, 65, 127, 128, 129, 384] {
        let needed = planned.kernel.bytes(rows: rows, columns: columns)
        #expect(planned.bytes(rows: rows, columns: columns) == needed, "\(rows) × \(columns)")
      }
    }
  }

  @Test("is what the kernels write, byte for byte, for 8-bit optimizer states")
  func states() {
    for count in Array(1...600) + [4096, 4097, 98_304] {
      let planned = ElementFormat.blockwiseState.bytes(rows: 1, columns: count)
      #expect(planned == EightBitState.bytes(count: count), "\(count) elements")
    }
  }
}
