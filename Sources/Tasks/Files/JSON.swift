/// A JSON value that keeps what data files need: the order of members, keys scalar for scalar, numbers as written.
///
/// Foundation's decoders key dictionaries by `String`, whose equality is canonical equivalence; a vocabulary may
/// hold "é" both composed and decomposed, and would lose one of them.
enum JSON: Sendable {
  case null
  case bool(Bool)
  /// The number's own characters.
  case number(String)
  case string(String)
  case array([JSON])
  case object([Member])

  struct Member: Sendable {
    let key: String
    let value: JSON
  }

  /// The value of an object's member (of the last one, should the key repeat); nil when there is none.
  subscript(key: String) -> JSON? {
    members?.last { $0.key == key }?.value
  }

  var members: [Member]? {
    if case .object(let members) = self { members } else { nil }
  }

  var elements: [JSON]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  var string: String? {
    if case .string(let string) = self { string } else { nil }
  }

  var bool: Bool? {
    if case .bool(let bool) = self { bool } else { nil }
  }

  var integer: Int? {
    if case .number(let text) = self { Int(text) } else { nil }
  }
}

/// Where and why a text is not JSON.
struct JSONError: Error, Equatable {
  /// Bytes from the start of the text.
  let offset: Int
  let reason: String
}

/// A recursive-descent reader of RFC 8259 over UTF-8 bytes.
struct JSONReader<Bytes: RandomAccessCollection<UInt8>> {
  /// Deeper nesting is refused rather than allowed to exhaust the stack.
  static var maximumDepth: Int { 128 }

  private let bytes: Bytes
  private var position: Bytes.Index

  /// Reads one value that fills the whole text.
  ///
  /// - Throws: `JSONError`.
  static func read(_ bytes: Bytes) throws(JSONError) -> JSON {
    var reader = JSONReader(bytes)
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.position == bytes.endIndex else { throw reader.error("text after the value") }
    return value
  }

  private init(_ bytes: Bytes) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  private func error(_ reason: String) -> JSONError {
    JSONError(offset: bytes.distance(from: bytes.startIndex, to: position), reason: reason)
  }

  private var current: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

  private mutating func advance() { bytes.formIndex(after: &position) }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { advance() }
  }

  /// Consumes spaces and then `byte`, if it comes next.
  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard current == byte else { return false }
    advance()
    return true
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSON {
    guard depth < Self.maximumDepth else { throw error("nested more than \(Self.maximumDepth) deep") }
    skipSpace()
    switch current {
    case UInt8(ascii: "{"):
      return .object(
        try list(until: UInt8(ascii: "}")) { (reader) throws(JSONError) in
          reader.skipSpace()
          let key = try reader.string()
          guard reader.take(UInt8(ascii: ":")) else { throw reader.error("expected ':'") }
          return JSON.Member(key: key, value: try reader.value(depth: depth + 1))
        })
    case UInt8(ascii: "["):
      return .array(
        try list(until: UInt8(ascii: "]")) { (reader) throws(JSONError) in try reader.value(depth: depth + 1) })
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case nil: throw error("the text ends where a value should be")
    default: return .number(try number())
    }
  }

  private mutating func list<Element>(
    until close: UInt8, _ element: (inout Self) throws(JSONError) -> Element
  ) throws(JSONError) -> [Element] {
    advance()
    var elements: [Element] = []
    if take(close) { return elements }
    while true {
      elements.append(try element(&self))
      if take(close) { return elements }
      guard take(UInt8(ascii: ",")) else { throw error("expected ',' or '\(Unicode.Scalar(close))'") }
    }
  }

  private mutating func literal(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let start = position
    for byte in UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount) {
      guard current == byte else {
        position = start
        throw error("not a JSON value")
      }
      advance()
    }
    return value
  }

  /// Reads `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
  private mutating func number() throws(JSONError) -> String {
    let start = position
    if current == UInt8(ascii: "-") { advance() }
    let leadingZero = current == UInt8(ascii: "0")
    let integerDigits = takeDigits()
    var isValid = integerDigits > 0 && !(leadingZero && integerDigits > 1)
    if current == UInt8(ascii: ".") {
      advance()
      isValid = takeDigits() > 0 && isValid
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      advance()
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { advance() }
      isValid = takeDigits() > 0 && isValid
    }
    guard isValid else {
      position = start
      throw error("not a JSON value")
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func takeDigits() -> Int {
    var count = 0
    while let byte = current, (0x30...0x39).contains(byte) {
      advance()
      count += 1
    }
    return count
  }

  private mutating func string() throws(JSONError) -> String {
    guard current == UInt8(ascii: "\"") else { throw error("expected a string") }
    advance()
    var utf8: [UInt8] = []
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        advance()
        return String(decoding: utf8, as: UTF8.self)
      case UInt8(ascii: "\\"):
        advance()
        utf8.append(contentsOf: try escape().utf8)
      case 0..<0x20: throw error("a control character inside a string")
      default:
        utf8.append(byte)
        advance()
      }
    }
    throw error("a string without its closing quote")
  }

  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    guard let byte = current else { throw error("a string without its closing quote") }
    advance()
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let unit = try hexadecimalUnit()
      guard UTF16.isLeadSurrogate(unit) else { return Unicode.Scalar(unit) ?? "\u{FFFD}" }
      // A surrogate without its partner stands for no character.
      let afterLead = position
      guard current == UInt8(ascii: "\\") else { return "\u{FFFD}" }
      advance()
      guard current == UInt8(ascii: "u") else {
        position = afterLead
        return "\u{FFFD}"
      }
      advance()
      let trail = try hexadecimalUnit()
      guard UTF16.isTrailSurrogate(trail) else {
        position = afterLead
        return "\u{FFFD}"
      }
      return UTF16.decode(UTF16.EncodedScalar([unit, trail]))
    default: throw error("an unknown escape")
    }
  }

  private mutating func hexadecimalUnit() throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = current.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
        throw error("an escape needs four hexadecimal digits")
      }
      unit = unit << 4 | UInt16(digit)
      advance()
    }
    return unit
  }
}
