import Testing

@testable import Files

@Suite("JSON")
struct JSONTests {
  @Test(
    "what RFC 8259 allows is read, and printed without white space",
    arguments: [
      ("{}", "{}"), ("[ ]", "[]"), (" \t\r\n[1 , 2]\n", "[1,2]"), ("-0", "-0"), ("1.50e-012", "1.50e-012"),
      ("0.5E+3", "0.5E+3"), ("true", "true"), ("[false,null]", "[false,null]"),
      ("{\"b\":{\"a\":[{}]},\"a\":\"\"}", "{\"b\":{\"a\":[{}]},\"a\":\"\"}"),
      (#""\"\\\/\b\f\n\r\t""#, #""\"\\/\u0008\u000c\u000a\u000d\u0009""#),
      (#""\u00e9\ud83D\ude00é""#, "\"é😀é\""),
      ("12345678901234567890123", "12345678901234567890123"),
    ])
  func accepted(text: String, printed: String) throws {
    #expect(try JSONValue(parsing: Array(text.utf8)).compact == printed)
  }

  @Test(
    "everything else is an error that says where",
    arguments: [
      ("", .unexpectedEnd, 0), ("{", .unexpectedEnd, 1), ("[1", .unexpectedEnd, 2), ("\"a", .unexpectedEnd, 2),
      ("{\"a\":", .unexpectedEnd, 5), ("[1,]", .unexpectedByte, 3),
      ("{\"a\":1,}", .unexpectedByte, 7),
      ("{1:2}", .unexpectedByte, 1), ("{\"a\" 1}", .unexpectedByte, 5),
      ("[1 2]", .unexpectedByte, 3), ("NaN", .unexpectedByte, 0),
      ("nul", .unexpectedByte, 0), ("'a'", .unexpectedByte, 0),
      ("\"a\nb\"", .unexpectedByte, 2), ("01", .invalidNumber, 0),
      ("-", .invalidNumber, 0),
      ("[1.]", .invalidNumber, 1), ("1e", .invalidNumber, 0),
      ("+1", .unexpectedByte, 0),
      (#""\x""#, .invalidEscape, 1), (#""\u12g4""#, .invalidEscape, 5),
      (#""\ud800""#, .invalidEscape, 1), (#""\ud800\u0041""#, .invalidEscape, 1),
      (#""\udc00""#, .invalidEscape, 1), ("{\"a\":1,\"a\":1}", .duplicateKey("a"), 7),
      (#"{"a":1,"\u0061":1}"#, .duplicateKey("a"), 7),
      ("{\"e\u{301}\":1,\"é\":1}", .duplicateKey("é"), 9), ("{} {}", .trailingBytes, 3),
      (String(repeating: "[", count: 70), .tooDeep, 65),
    ] as [(String, JSONError.Reason, Int)])
  func rejected(text: String, reason: JSONError.Reason, offset: Int) {
    #expect(throws: JSONError(reason, at: offset)) { try JSONValue(parsing: Array(text.utf8)) }
  }

  @Test(
    "bytes that are not UTF-8 are an error at the first of them",
    arguments: [([0x22, 0xFF, 0x22], 1), ([0x22, 0xC0, 0x80, 0x22], 1), ([0x22, 0xC3, 0xA9, 0xE4, 0xB8], 3)]
      as [([UInt8], Int)])
  func notUTF8(bytes: [UInt8], offset: Int) {
    #expect(throws: JSONError(.notUTF8, at: offset)) { try JSONValue(parsing: bytes) }
  }

  @Test(
    "in texts, members keep their order and their keys scalar for scalar, and the last of a repeated one counts"
  )
  func texts() throws {
    let text = "{\"e\u{301}\": 1, \"é\": 2, \"a\": 3, \"a\": [true, false, null, {}, []]}"
    let json = try JSONValue(parsing: Array(text.utf8), strings: .texts)
    let keys = try #require(json.members).map { Array($0.key.unicodeScalars) }
    #expect(keys == [["e", "\u{301}"], ["é"], ["a"], ["a"]])
    #expect(json["a"]?.elements?.count == 5)
    #expect(json["b"] == nil)
  }

  @Test(
    "in texts, half a surrogate pair is the replacement character",
    arguments: [
      (#"\ud83d\ude42"#, "🙂"), (#"\ud83d"#, "\u{FFFD}"), (#"\ud83dx"#, "\u{FFFD}x"),
      (#"\ud83d\n"#, "\u{FFFD}\n"),
      (#"\ud83d\u0041"#, "\u{FFFD}A"), (#"\ude42"#, "\u{FFFD}"), (#"\ud83d\ud83d\ude42"#, "\u{FFFD}🙂"),
    ])
  func halfPairs(text: String, expected: String) throws {
    #expect(try JSONValue(parsing: Array("\"\(text)\"".utf8), strings: .texts).string == expected)
  }

  @Test("members are replaced in place, appended or removed")
  func members() throws {
    var object = JSONObject(["a": .number("1"), "b": .null])
    object["a"] = .bool(true)
    object["c"] = .string("x")
    object["b"] = nil
    object["d"] = nil
    #expect(JSONValue.object(object).indented() == "{\n  \"a\": true,\n  \"c\": \"x\"\n}")
  }
}
