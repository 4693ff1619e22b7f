/// A strict pull reader of JSON (RFC 8259) over bytes in memory.
///
/// Files come from strangers, and Foundation's reader drops duplicate keys silently and compares keys by canonical
/// equivalence. This one bounds nesting, keeps numbers as their text so that none is rounded, and gives values as
/// they are asked for, without a tree; `JSONValue` is the tree.
package struct JSONReader {
  /// What strings are, and so what is an error in them.
  package enum Strings {
    /// Names to look things up by: half a surrogate pair is an error, and so is a key that an object has twice.
    /// Keys that are canonically equivalent Unicode count as the same, as they do in a `Dictionary`.
    case names
    /// Texts that people and their programs wrote: half a surrogate pair becomes U+FFFD, and keys are what their
    /// scalars are; a vocabulary may hold "é" both composed and decomposed. Of a repeated key, the last counts.
    case texts
  }

  /// What the next value is, told by its first byte.
  package enum Kind { case object, array, string, number, literal }

  /// Deeper nesting is refused: no file needs it, and the stack is finite.
  package static let maximumDepth = 64

  private let bytes: [UInt8]
  private let strings: Strings
  private var offset = 0
  private var depth = 0

  /// - Throws: `JSONError` where the bytes are not UTF-8.
  package init(_ bytes: [UInt8], strings: Strings = .names) throws(JSONError) {
    if let offset = bytes.withUnsafeBytes(offsetOfInvalidUTF8) { throw JSONError(.notUTF8, at: offset) }
    self.bytes = bytes
    self.strings = strings
  }

  /// The kind of the next value, without consuming it.
  package mutating func kind() throws(JSONError) -> Kind {
    switch try peek() {
    case UInt8(ascii: "{"): .object
    case UInt8(ascii: "["): .array
    case UInt8(ascii: "\""): .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): .literal
    default: throw JSONError(.unexpectedByte, at: offset)
    }
  }

  /// Reads an object; `body` must consume each member's value.
  package mutating func object(_ body: (inout JSONReader, String) throws -> Void) throws {
    var keys = Set<String>()
    try sequence(from: "{", to: "}") { reader in
      guard try reader.peek() == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: reader.offset) }
      let start = reader.offset
      let key = try reader.string()
      if reader.strings == .names, !keys.insert(key).inserted { throw JSONError(.duplicateKey(key), at: start) }
      try reader.expect(":")
      try body(&reader, key)
    }
  }

  /// Reads an array; `body` must consume one element.
  package mutating func array(_ body: (inout JSONReader) throws -> Void) throws {
    try sequence(from: "[", to: "]", body)
  }

  private mutating func sequence(
    from open: Unicode.Scalar, to close: Unicode.Scalar, _ body: (inout JSONReader) throws -> Void
  ) throws {
    try expect(open)
    guard depth < Self.maximumDepth else { throw JSONError(.tooDeep, at: offset) }
    depth += 1
    defer { depth -= 1 }
    if try peek() == UInt8(ascii: close) { return advance() }
    while true {
      try body(&self)
      if try peek() == UInt8(ascii: close) { return advance() }
      try expect(",")
    }
  }

  /// Reads a string and resolves its escapes.
  package mutating func string() throws(JSONError) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while true {
      let byte = try next()
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text.append(contentsOf: String(try escape()).utf8)
      case 0..<0x20: throw JSONError(.unexpectedByte, at: offset - 1)
      default: text.append(byte)
      }
    }
  }

  /// What follows a backslash.
  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    let start = offset - 1
    let byte = try next()
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let unit = try hexadecimalUnit()
      if UTF16.isLeadSurrogate(unit) {
        let afterLead = offset
        if skip("\\"), skip("u") {
          let trail = try hexadecimalUnit()
          if UTF16.isTrailSurrogate(trail) { return UTF16.decode(UTF16.EncodedScalar([unit, trail])) }
        }
        offset = afterLead
      }
      if let scalar = Unicode.Scalar(unit) { return scalar }
      guard strings == .texts else { throw JSONError(.invalidEscape, at: start) }
      return "\u{FFFD}"
    default: throw JSONError(.invalidEscape, at: start)
    }
  }

  private mutating func hexadecimalUnit() throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(try next())).hexDigitValue else {
        throw JSONError(.invalidEscape, at: offset - 1)
      }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }

  /// Reads a number and gives its text, such as `-1.5e-12`.
  package mutating func number() throws(JSONError) -> String {
    _ = try peek()
    let start = offset
    skip("-")
    if !skip("0"), !skipDigits() { throw JSONError(.invalidNumber, at: start) }
    if skip("."), !skipDigits() { throw JSONError(.invalidNumber, at: start) }
    if skip("e") || skip("E") {
      if !skip("+") { skip("-") }
      if !skipDigits() { throw JSONError(.invalidNumber, at: start) }
    }
    // What follows a leading zero (`012`) would otherwise surface as a puzzling missing comma.
    if offset < bytes.count, isDigit(bytes[offset]) { throw JSONError(.invalidNumber, at: start) }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// Reads `true`, `false` (as a Boolean) or `null` (as nil).
  package mutating func literal() throws(JSONError) -> Bool? {
    _ = try peek()
    for (text, value) in [("true", true), ("false", false), ("null", nil)] as [(String, Bool?)]
    where bytes[offset...].starts(with: text.utf8) {
      offset += text.utf8.count
      return value
    }
    throw JSONError(.unexpectedByte, at: offset)
  }

  /// Checks that only white space is left.
  package mutating func end() throws(JSONError) {
    skipSpace()
    guard offset == bytes.count else { throw JSONError(.trailingBytes, at: offset) }
  }

  // MARK: Bytes

  private mutating func peek() throws(JSONError) -> UInt8 {
    skipSpace()
    guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset) }
    return bytes[offset]
  }

  private mutating func next() throws(JSONError) -> UInt8 {
    guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset) }
    defer { offset += 1 }
    return bytes[offset]
  }

  private mutating func advance() { offset += 1 }

  private mutating func expect(_ scalar: Unicode.Scalar) throws(JSONError) {
    guard try peek() == UInt8(ascii: scalar) else { throw JSONError(.unexpectedByte, at: offset) }
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
