import Testing

@testable import Checkpoints

@Suite("JSON")
struct JSONReaderTests {
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
      ("", .unexpectedEnd), ("{", .unexpectedEnd), ("[1", .unexpectedEnd), ("\"a", .unexpectedEnd),
      ("{\"a\":", .unexpectedEnd), ("[1,]", .unexpectedByte(offset: 3)),
      ("{\"a\":1,}", .unexpectedByte(offset: 7)),
      ("{1:2}", .unexpectedByte(offset: 1)), ("{\"a\" 1}", .unexpectedByte(offset: 5)),
      ("[1 2]", .unexpectedByte(offset: 3)), ("NaN", .unexpectedByte(offset: 0)),
      ("nul", .unexpectedByte(offset: 0)), ("'a'", .unexpectedByte(offset: 0)),
      ("\"a\nb\"", .unexpectedByte(offset: 2)), ("01", .invalidNumber(offset: 0)),
      ("-", .invalidNumber(offset: 0)),
      ("[1.]", .invalidNumber(offset: 1)), ("1e", .invalidNumber(offset: 0)),
      ("+1", .unexpectedByte(offset: 0)),
      (#""\x""#, .invalidEscape(offset: 1)), (#""\u12g4""#, .invalidEscape(offset: 5)),
      (#""\ud800""#, .invalidEscape(offset: 1)), (#""\ud800\u0041""#, .invalidEscape(offset: 1)),
      (#""\udc00""#, .invalidEscape(offset: 1)), ("{\"a\":1,\"a\":1}", .duplicateKey("a")),
      (#"{"a":1,"\u0061":1}"#, .duplicateKey("a")), ("{} {}", .trailingBytes(offset: 3)),
      (String(repeating: "[", count: 70), .tooDeep(offset: 65)),
    ] as [(String, JSONError)])
  func rejected(text: String, error: JSONError) {
    #expect(throws: error) { try JSONValue(parsing: Array(text.utf8)) }
  }

  @Test(
    "bytes that are not UTF-8 are an error",
    arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22]] as [[UInt8]])
  func notUTF8(bytes: [UInt8]) {
    #expect(throws: JSONError.notUTF8) { try JSONValue(parsing: bytes) }
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
