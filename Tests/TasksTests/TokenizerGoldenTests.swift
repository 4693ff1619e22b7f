import Foundation
import Testing

@testable import Tasks

/// Against what Hugging Face's `tokenizers` answered; see Scripts/make-tokenizer-fixtures.py.
@Suite("Tokens are those of Hugging Face's BERT tokenizer")
struct TokenizerGoldenTests {
  struct Case: Decodable {
    struct Answer: Decodable {
      let ids: [Int32]
      let types: [Int32]
      let offsets: [[Int]]
    }

    let first: String
    let second: String?
    let maximumLength: Int
    let uncased: Answer
    let cased: Answer
  }

  /// Text from hexadecimal UTF-8; ill-formed bytes become U+FFFD as Python's decoder makes them.
  private func text(_ hexadecimal: String) -> String {
    let digits = hexadecimal.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(
    "hard texts, ill-formed UTF-8 and pairs get the same ids and token types", arguments: ["uncased", "cased"])
  func golden(name: String) throws {
    let tokenizer = try ModelTokenizer.load(from: fixture(name))
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: fixture("golden.json")))
    #expect(cases.count > 70)
    for one in cases {
      let encoding = try tokenizer.encode(
        text(one.first), one.second.map(text), maximumLength: one.maximumLength)
      let answer = name == "cased" ? one.cased : one.uncased
      #expect(encoding.ids == answer.ids, "first text: \(text(one.first).debugDescription)")
      #expect(encoding.tokenTypeIDs == answer.types, "first text: \(text(one.first).debugDescription)")
    }
  }

  @Test(
    "every token points at the same part of the text, through accents, case, controls and Chinese characters",
    arguments: ["uncased", "cased"])
  func offsets(name: String) throws {
    let tokenizer = try ModelTokenizer.load(from: fixture(name))
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: fixture("golden.json")))
    for one in cases where one.second == nil && one.maximumLength == 512 {
      let ranges = tokenizer.tokenize(text(one.first)).map { [$0.range.lowerBound, $0.range.upperBound] }
      let answer = name == "cased" ? one.cased : one.uncased
      #expect(ranges == answer.offsets, "text: \(text(one.first).debugDescription)")
    }
  }

  @Test("longest_first keeps the same lengths for all small pairs")
  func truncation() throws {
    let lines = try String(contentsOf: fixture("truncation.txt"), encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 9 * 9 * 17)
    for line in lines {
      let numbers = line.split(separator: " ").compactMap { Int($0) }
      let kept = longestFirstLengths(numbers[0], numbers[1], room: numbers[2])
      #expect([kept.first, kept.second] == Array(numbers[3...]), "\(line)")
    }
  }

  @Test("every Unicode scalar is removed, separates, is punctuation, a mark or Chinese as there")
  func characters() throws {
    let lines = try String(contentsOf: fixture("characters.txt"), encoding: .utf8).split(separator: "\n")
    var expected = Array(repeating: Substring(""), count: 0x110000)
    for line in lines {
      let parts = line.split(separator: " ")
      let first = try #require(Int(parts[0], radix: 16))
      let last = try #require(Int(parts[1], radix: 16))
      for value in first...last { expected[value] = parts[2] }
    }
    for value in 0..<0x110000 {
      guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
      var classes: [String] = []
      if scalar.isRemovedByCleaning { classes.append("removed") }
      if scalar.isWordSeparator { classes.append("separator") }
      if scalar.isBertPunctuation { classes.append("punctuation") }
      if scalar.isNonspacingMark { classes.append("mark") }
      if scalar.isChineseCharacter { classes.append("chinese") }
      if classes.joined(separator: "+") != expected[value] {
        Issue.record("U+\(String(value, radix: 16)) is \(classes), not \(expected[value])")
      }
    }
  }
}
