import Foundation
import Testing

@testable import Tasks

@Suite("The example data set")
struct HomeCommandsTests {
  static let intents = [
    "adjust", "cancel", "fault", "keep", "query", "routine", "schedule", "timer", "turn_off", "turn_on",
  ]

  private func dataset() throws -> Dataset {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try Dataset(
      directory: root.appendingPathComponent("Examples/home-commands"), task: .classification())
  }

  @Test("has the documented intents, each equally often", arguments: [(Split.train, 160), (.development, 40)])
  func counts(split: Split, perIntent: Int) throws {
    let data = try dataset()
    #expect(data.labels?.values == Self.intents)
    var counts = Array(repeating: 0, count: Self.intents.count)
    try data.forEachExample(in: split) { example in
      guard case .category(let index) = example.label else { return }
      counts[index] += 1
    }
    #expect(counts == Array(repeating: perIntent, count: Self.intents.count))
  }

  @Test("repeats no sentence, within a split or across them, and keeps to lower-case words")
  func sentences() throws {
    let data = try dataset()
    var seen: Set<String> = []
    for split in Split.allCases {
      try data.forEachExample(in: split) { example in
        #expect(seen.insert(example.text).inserted, "twice: \(example.text)")
        let words = example.text.split(separator: " ", omittingEmptySubsequences: false)
        #expect((2...24).contains(words.count), "\(example.text)")
        #expect(words.allSatisfy { !$0.isEmpty && $0.allSatisfy { ("a"..."z").contains($0) || $0 == "'" } })
      }
    }
    #expect(seen.count == 2000)
  }
}
