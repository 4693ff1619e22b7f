import Foundation
import TestSupport
import Testing

@testable import Tasks

/// Against what Hugging Face's `tokenizers` answered; see Scripts/make-tokenizer-fixtures.py.
@Suite("Tokens are those of Hugging Face's byte-level BPE", .serialized)
struct ByteLevelGoldenTests {
  struct Case: Decodable {
    let first: String
    let second: String?
    let maximumLength: Int
    let ids: [Int32]
    /// First and last UTF-8 offset of every token in turn; of single texts only.
    let ends: [Int]?
  }

  private func cases(_ name: String) throws -> [Case] {
    try JSONDecoder().decode([Case].self, from: Data(contentsOf: fixture("\(name)/golden.json")))
  }

  @Test(
    "hard texts and pairs get the same ids, with and without a space put before them",
    arguments: ["byte-level", "byte-level-prefix"])
  func golden(name: String) throws {
    let tokenizer = try ModelTokenizer.load(from: fixture(name))
    let cases = try cases(name)
    #expect(cases.count > 60)
    for one in cases {
      let encoding = try tokenizer.encode(one.first, one.second, maximumLength: one.maximumLength)
      #expect(encoding.ids == one.ids, "first text: \(one.first.debugDescription)")
      // RoBERTa knows one type of token only.
      #expect(encoding.tokenTypeIDs.allSatisfy { $0 == 0 })
    }
  }

  @Test(
    "every token points at the same part of the text, without the spaces at its ends",
    arguments: ["byte-level", "byte-level-prefix"])
  func offsets(name: String) throws {
    let tokenizer = try ModelTokenizer.load(from: fixture(name))
    for one in try cases(name) {
      guard let ends = one.ends else { continue }
      let found = tokenizer.tokenize(one.first).flatMap { [$0.range.lowerBound, $0.range.upperBound] }
      #expect(found == ends, "text: \(one.first.debugDescription)")
    }
  }

  @Test("every Unicode scalar is a letter, a number, a space or none of them as there")
  func characters() throws {
    let lines = try String(contentsOf: fixture("byte-level/characters.txt"), encoding: .utf8).split(
      separator: "\n")
    var expected = Array(repeating: CharacterKind.other, count: 0x110000)
    let kinds: [Substring: CharacterKind] = ["letter": .letter, "number": .number, "space": .space]
    for line in lines {
      let parts = line.split(separator: " ")
      let first = try #require(Int(parts[0], radix: 16))
      let last = try #require(Int(parts[1], radix: 16))
      let kind = try #require(kinds[parts[2]])
      for value in first...last { expected[value] = kind }
    }
    let different = (0..<UInt32(0x110000)).compactMap(Unicode.Scalar.init).filter {
      CharacterKind($0) != expected[Int($0.value)]
    }
    #expect(different.isEmpty, "\(different.count), among them \(different.prefix(20).map { $0.value })")
  }

  @Test("the alphabet stands for 256 bytes with as many printable characters")
  func alphabet() {
    let alphabet = ByteLevelBPETokenizer.alphabet
    #expect(alphabet.count == 256 && Set(alphabet).count == 256)
    #expect(alphabet.allSatisfy { !$0.properties.isWhitespace && $0.properties.generalCategory != .control })
    #expect(alphabet[0x20] == "Ġ" && alphabet[0x0A] == "Ċ" && alphabet[0x41] == "A" && alphabet[0xC3] == "Ã")
  }

  @Test("merging takes the lowest rank first and the leftmost of equals, as trying all pairs does")
  func merging() {
    // Three letters, and tokens 3, 4, … made of random pairs of what there is.
    for seed in 0..<300 {
      var generator = SeededGenerator(seed: UInt64(seed))
      var merges = BytePairMerges()
      var rules: [[Int32]: (rank: Int, token: Int32)] = [:]
      for token in Int32(3)..<15 {
        let pair = [Int32.random(in: 0..<token, using: &generator), .random(in: 0..<token, using: &generator)]
        if rules[pair] != nil { continue }
        rules[pair] = (rules.count, token)
        merges.append(pair[0], pair[1], into: token)
      }
      let word = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
        Int32.random(in: 0..<3, using: &generator)
      }
      var symbols = word.enumerated().map {
        BytePairMerges.Symbol(token: $1, start: $0, previous: $0 - 1, next: $0 + 1)
      }
      merges.merge(&symbols)
      #expect(symbols.filter(\.isAlive).map(\.token) == mergedByTrial(word, rules), "seed \(seed), \(word)")
    }
  }

  private func mergedByTrial(_ word: [Int32], _ rules: [[Int32]: (rank: Int, token: Int32)]) -> [Int32] {
    var word = word
    while true {
      let pairs = word.indices.dropLast().compactMap { index in
        rules[[word[index], word[index + 1]]].map { (index: index, rank: $0.rank, token: $0.token) }
      }
      guard let best = pairs.min(by: { ($0.rank, $0.index) < ($1.rank, $1.index) }) else { return word }
      word.replaceSubrange(best.index...best.index + 1, with: [best.token])
    }
  }
}
