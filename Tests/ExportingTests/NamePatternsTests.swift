import Foundation
import Graph
import TestSupport
import Testing

@testable import Exporting

@Suite("Expressions for names")
struct NamePatternsTests {
  private let names =
    ["embeddings.word.weight", "embeddings.norm.weight", "embeddings.norm.bias"]
    + (0..<12).flatMap { layer in
      ["query.weight", "query.bias", "key.weight", "key.bias"].map { "layer.\(layer).\($0)" }
    } + ["classifier.weight", "classifier.bias"]

  private func patterns(_ isChosen: (String) -> Bool) -> NamePatterns {
    NamePatterns(matching: Set(names.filter(isChosen)), among: names)
  }

  @Test("say once what several components have in common")
  func shared() {
    #expect(
      patterns { $0.hasSuffix("bias") }.list() == [
        "embeddings\\.norm\\.bias", "layer\\.\\d+\\.(?:query|key)\\.bias", "classifier\\.bias",
      ])
    #expect(
      patterns { $0.contains("layer.10.") || $0.contains("layer.11.") || $0.hasPrefix("class") }.expression()
        == "(?:layer\\.1[01]\\..+|classifier\\..+)")
    #expect(patterns { _ in true }.list() == [".+"])
    #expect(patterns { _ in false }.list() == [] && patterns { _ in false }.expression() == nil)
    #expect(patterns { $0 == "layer.3.key.bias" }.list(.bareDots) == ["layer.3.key.bias"])
  }

  @Test("write runs of last digits as classes")
  func numbers() {
    #expect(NumberPattern.alternatives([7]) == ["7"])
    #expect(NumberPattern.alternatives([0, 1, 3, 4, 5]) == ["[013-5]"])
    #expect(NumberPattern.alternatives(Array(2...11)) == ["[2-9]", "1[01]"])
    #expect(NumberPattern.alternatives(Array(10...19) + [21]) == ["1\\d", "21"])
    #expect(!NumberPattern.isNumbers(["1", "01"]) && !NumberPattern.isNumbers(["1", "a"]))
  }

  @Test("match exactly their numbers, for every set of numbers below 13")
  func everySet() throws {
    for bits in 1..<(1 << 13) {
      let numbers = (0..<13).filter { bits >> $0 & 1 == 1 }
      let alternatives = NumberPattern.alternatives(numbers)
      // Read without an expression engine: a prefix and one class of last digits.
      let read = alternatives.flatMap(expanded)
      #expect(read == numbers.map(String.init), "\(alternatives)")
    }
  }

  private func expanded(_ pattern: String) -> [String] {
    guard let open = pattern.firstIndex(where: { $0 == "[" || $0 == "\\" }) else { return [pattern] }
    let prefix = pattern[..<open]
    if pattern[open] == "\\" { return (0...9).map { "\(prefix)\($0)" } }
    let digits = Array(pattern[pattern.index(after: open)...].dropLast())
    var found: [String] = []
    for (index, digit) in digits.enumerated() {
      if digit == "-", let from = digits[index - 1].wholeNumberValue,
        let to = digits[index + 1].wholeNumberValue
      {
        found += ((from + 1)..<to).map { "\(prefix)\($0)" }
      } else {
        found.append("\(prefix)\(digit)")
      }
    }
    return found
  }

  @Test("match exactly the names chosen, as one expression and as a list, in either dialect", arguments: 0..<60)
  func random(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    // From scattered names to whole layers and kinds, as plans have them.
    let layers = Set((0..<12).filter { _ in Bool.random(using: &generator) }.map { "layer.\($0)." })
    let kinds = Set(["query", "key", "bias", "weight", "norm"].filter { _ in Bool.random(using: &generator) })
    let share = Int.random(in: 0...4, using: &generator)
    let chosen = Set(
      names.filter { name in
        switch seed % 3 {
        case 0: layers.contains { name.hasPrefix($0) }
        case 1: kinds.contains { name.contains($0) }
        default: Int.random(in: 0...4, using: &generator) < share
        }
      })
    let patterns = NamePatterns(matching: chosen, among: names)
    let one = patterns.expression().map { MatchingRule.searched("^\($0)$") } ?? .exactly([])
    #expect(try one.trained(among: names) == chosen, "seed \(seed)")
    let list = MatchingRule.matchedFromStart(patterns.list(.bareDots).map { "^\($0)$" })
    #expect(try list.trained(among: names) == chosen, "seed \(seed)")
    #expect(
      patterns.list().joined().count <= chosen.joined(separator: "|").count + 3 * chosen.count, "seed \(seed)")
  }
}
