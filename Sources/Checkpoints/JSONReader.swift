/// A strict pull reader of JSON (RFC 8259) over bytes in memory.
///
/// Checkpoint headers come from strangers, and Foundation's reader drops duplicate keys silently. This one rejects
/// them, bounds nesting, keeps numbers as their text so that none is rounded, and gives values as they are asked for,
/// without a tree. Keys that are canonically equivalent Unicode count as duplicates, as they do in a `Dictionary`.
struct JSONReader {
  /// What the next value is, told by its first byte.
  enum Kind { case object, array, string, number, literal }

  /// Deeper nesting is refused: no checkpoint needs it, and the stack is finite.
  static let maximumDepth = 64

  private let bytes: [UInt8]
  private var offset = 0
  private var depth = 0

  /// - Throws: `JSONError.notUTF8`.
  init(_ bytes: [UInt8]) throws(JSONError) {
    guard String(decoding: bytes, as: UTF8.self).utf8.elementsEqual(bytes) else { throw .notUTF8 }
    self.bytes = bytes
  }

  /// The kind of the next value, without consuming it.
  mutating func kind() throws(JSONError) -> Kind {
    switch try peek() {
    case UInt8(ascii: "{"): .object
    case UInt8(ascii: "["): .array
    case UInt8(ascii: "\""): .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): .literal
    default: throw .unexpectedByte(offset: offset)
    }
  }

  /// Reads an object; `body` must consume each member's value.
  mutating func object(_ body: (inout JSONReader, String) throws -> Void) throws {
    var keys = Set<String>()
    try sequence(from: "{", to: "}") { reader in
      guard try reader.peek() == UInt8(ascii: "\"") else {
        throw JSONError.unexpectedByte(offset: reader.offset)
      }
      let key = try reader.string()
      guard keys.insert(key).inserted else { throw JSONError.duplicateKey(key) }
      try reader.expect(":")
      try body(&reader, key)
    }
  }

  /// Reads an array; `body` must consume one element.
  mutating func array(_ body: (inout JSONReader) throws -> Void) throws {
    try sequence(from: "[", to: "]", body)
  }

  private mutating func sequence(
    from open: Unicode.Scalar, to close: Unicode.Scalar, _ body: (inout JSONReader) throws -> Void
  ) throws {
    try expect(open)
    guard depth < Self.maximumDepth else { throw JSONError.tooDeep(offset: offset) }
    depth += 1
    defer { depth -= 1 }
    if try peek() == UInt8(ascii: close) { return advance() }
    while true {
      try body(&self)
      if try peek() == UInt8(ascii: close) { return advance() }
      try expect(",")
    }
  }

  /// Reads a string and resolves its escapes; a lone surrogate is an error.
  mutating func string() throws(JSONError) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while true {
      let byte = try next()
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): try appendEscape(to: &text)
      case 0..<0x20: throw .unexpectedByte(offset: offset - 1)
      default: text.append(byte)
      }
    }
  }

  private mutating func appendEscape(to text: inout [UInt8]) throws(JSONError) {
    let start = offset - 1
    switch try next() {
    case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
    case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
    case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimalUnit()
      if 0xD800..<0xDC00 ~= code {
        guard try next() == UInt8(ascii: "\\"), try next() == UInt8(ascii: "u") else {
          throw .invalidEscape(offset: start)
        }
        let low = try hexadecimalUnit()
        guard 0xDC00..<0xE000 ~= low else { throw .invalidEscape(offset: start) }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw .invalidEscape(offset: start) }
      text.append(contentsOf: String(scalar).utf8)
    default: throw .invalidEscape(offset: start)
    }
  }

  private mutating func hexadecimalUnit() throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(try next())).hexDigitValue else {
        throw .invalidEscape(offset: offset - 1)
      }
      code = code << 4 | UInt32(digit)
    }
    return code
  }

  /// Reads a number and gives its text, such as `-1.5e-12`.
  mutating func number() throws(JSONError) -> String {
    _ = try peek()
    let start = offset
    skip("-")
    if !skip("0"), !skipDigits() { throw .invalidNumber(offset: start) }
    if skip("."), !skipDigits() { throw .invalidNumber(offset: start) }
    if skip("e") || skip("E") {
      if !skip("+") { skip("-") }
      if !skipDigits() { throw .invalidNumber(offset: start) }
    }
    // What follows a leading zero (`012`) would otherwise surface as a puzzling missing comma.
    if offset < bytes.count, isDigit(bytes[offset]) { throw .invalidNumber(offset: start) }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// Reads `true`, `false` (as a Boolean) or `null` (as nil).
  mutating func literal() throws(JSONError) -> Bool? {
    _ = try peek()
    for (text, value) in [("true", true), ("false", false), ("null", nil)] as [(String, Bool?)]
    where bytes[offset...].starts(with: text.utf8) {
      offset += text.utf8.count
      return value
    }
    throw .unexpectedByte(offset: offset)
  }

  /// Checks that only white space is left.
  mutating func end() throws(JSONError) {
    skipSpace()
    guard offset == bytes.count else { throw .trailingBytes(offset: offset) }
  }

  // MARK: Bytes

  private mutating func peek() throws(JSONError) -> UInt8 {
    skipSpace()
    guard offset < bytes.count else { throw .unexpectedEnd }
    return bytes[offset]
  }

  private mutating func next() throws(JSONError) -> UInt8 {
    guard offset < bytes.count else { throw .unexpectedEnd }
    defer { offset += 1 }
    return bytes[offset]
  }

  private mutating func advance() { offset += 1 }

  private mutating func expect(_ scalar: Unicode.Scalar) throws(JSONError) {
    guard try peek() == UInt8(ascii: scalar) else { throw .unexpectedByte(offset: offset) }
    offset += 1
  }

  private mutating func skipSpace() {
    while offset < bytes.count, isSpace(bytes[offset]) { offset += 1 }
  }

  @discardableResult
  private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    guard offset < bytes.count, bytes[offset] == UInt8(ascii: scalar) else { return false }
    offset += 1
    return true
  }

  private mutating func skipDigits() -> Bool {
    let start = offset
    while offset < bytes.count, isDigit(bytes[offset]) { offset += 1 }
    return offset > start
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

  private func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
}

/// Why bytes are not acceptable JSON; offsets count from the first byte.
public enum JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  case notUTF8
  case unexpectedEnd
  case unexpectedByte(offset: Int)
  case invalidNumber(offset: Int)
  case invalidEscape(offset: Int)
  case duplicateKey(String)
  case tooDeep(offset: Int)
  case trailingBytes(offset: Int)

  public var description: String {
    switch self {
    case .notUTF8: "the text is not UTF-8"
    case .unexpectedEnd: "the text ends inside a value"
    case .unexpectedByte(let offset): "byte \(offset) is not what JSON allows there"
    case .invalidNumber(let offset): "the number at byte \(offset) is malformed"
    case .invalidEscape(let offset): "the escape at byte \(offset) is malformed"
    case .duplicateKey(let key): "the key \(key.quoted) occurs twice"
    case .tooDeep(let offset): "values nest more than \(JSONReader.maximumDepth) deep at byte \(offset)"
    case .trailingBytes(let offset): "something follows the value at byte \(offset)"
    }
  }
}
