import Testing

@testable import Tasks

@Suite("Reading JSON")
struct JSONTests {
  private func read(_ text: String) throws -> JSON { try JSONReader.read(Array(text.utf8)) }

  @Test("members keep their order and their keys scalar for scalar")
  func members() throws {
    let json = try read("{\"e\u{301}\": 1, \"é\": 2, \"a\": [true, false, null, {}, []]}")
    let keys = try #require(json.members).map { Array($0.key.unicodeScalars) }
    #expect(keys == [["e", "\u{301}"], ["é"], ["a"]])
    #expect(json["a"]?.elements?.count == 5)
    #expect(json["b"] == nil)
  }

  @Test("numbers keep their characters", arguments: ["0", "-0", "12", "1.50", "-3e+10", "0.1E-2"])
  func numbers(text: String) throws {
    guard case .number(text) = try read(" \(text)\n") else {
      Issue.record("\(text) was not read as a number")
      return
    }
  }

  @Test(
    "escapes become their characters, half a surrogate pair the replacement character",
    arguments: [
      (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"), (#"\u0041\u00e9\u4E2d"#, "Aé中"), (#"\ud83d\ude42"#, "🙂"),
      (#"\ud83d"#, "\u{FFFD}"), (#"\ud83dx"#, "\u{FFFD}x"), (#"\ud83d\n"#, "\u{FFFD}\n"),
      (#"\ud83d\u0041"#, "\u{FFFD}A"), (#"\ude42"#, "\u{FFFD}"),
    ])
  func escapes(text: String, expected: String) throws {
    #expect(try read("\"\(text)\"").string == expected)
  }

  @Test(
    "what is not JSON is refused at its byte",
    arguments: [
      ("", 0), ("{", 1), ("[1,]", 3), ("[1 2]", 3), ("{\"a\" 1}", 5), ("{a: 1}", 1), ("\"a", 2), ("\"\\x\"", 3),
      ("\"\\u12g4\"", 5), ("\"a\u{1}\"", 2), ("01", 0), ("1.", 0), ("-", 0), ("1e", 0), ("+1", 0), ("tru", 0),
      ("nul", 0), ("1 1", 2), ("{}}", 2), ("NaN", 0),
    ])
  func malformed(text: String, offset: Int) {
    let error = #expect(throws: JSONError.self) { try read(text) }
    #expect(error?.offset == offset, "\(text)")
  }

  @Test("nesting beyond the limit is refused, not followed")
  func depth() throws {
    let limit = JSONReader<[UInt8]>.maximumDepth
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(try read(nested(limit)).elements?.count == 1)
    #expect(throws: JSONError.self) { try read(nested(100_000)) }
  }
}
