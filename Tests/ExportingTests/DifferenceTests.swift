import Testing

@testable import Exporting

@Suite("Differences of a trainer")
struct DifferenceTests {
  private func tensor(_ name: String, planned: Int, trained: Int = 0) -> Difference {
    Difference(name: name, count: 100, planned: planned, trained: trained)
  }

  @Test("are added up over the layers of which all figures agree, in the order of the first")
  func folded() {
    let differences =
      [0, 1, 2, 5].flatMap { layer in
        [
          tensor("layer.\(layer).up.bias", planned: 10),
          tensor("layer.\(layer).key.0.bias", planned: layer == 1 ? 70 : 100),
        ]
      } + [tensor("head.bias", planned: 0, trained: 100), tensor("layer.11.up.weight", planned: 10)]
    let folded = differences.foldedByLayer
    #expect(
      folded.map(\.name) == [
        "layer.0-2,5.up.bias", "layer.0,2,5.key.0.bias", "layer.1.key.0.bias", "head.bias",
        "layer.11.up.weight",
      ])
    #expect(folded.map(\.bytes) == [1600, 1200, 400, 400, 400])
    #expect(folded.map(\.plannedBytes) == [160, 1200, 280, 0, 40])
    #expect(folded.map(\.trainedBytes) == [0, 0, 0, 400, 0])
  }
}
