/// A JSON document that keeps the order of its members and the text of its numbers, so that a configuration can be
/// written back with nothing changed but what was meant to change.
enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  /// The number as it was written.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// - Throws: `JSONError`.
  init(parsing bytes: [UInt8]) throws {
    var reader = try JSONReader(bytes)
    self = try reader.value()
    try reader.end()
  }

  /// What the value is, for errors.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a Boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// A JSON object in the order it was written.
struct JSONObject: Hashable, Sendable {
  struct Member: Hashable, Sendable {
    let key: String
    var value: JSONValue
  }

  private(set) var members: [Member] = []

  init(_ members: KeyValuePairs<String, JSONValue> = [:]) {
    for (key, value) in members { self[key] = value }
  }

  /// Adds a member whose key is known to be new.
  mutating func append(_ key: String, _ value: JSONValue) { members.append(Member(key: key, value: value)) }

  /// The value of a key; assigning replaces it in place, appends it, or with nil removes it.
  subscript(key: String) -> JSONValue? {
    get { members.first { $0.key == key }?.value }
    set {
      let index = members.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (nil, let value?): append(key, value)
      case (let index?, nil): members.remove(at: index)
      case (nil, nil): break
      }
    }
  }
}

extension JSONReader {
  /// Reads any value whole.
  mutating func value() throws -> JSONValue {
    switch try kind() {
    case .object:
      var object = JSONObject()
      try self.object { reader, key in object.append(key, try reader.value()) }
      return .object(object)
    case .array:
      var elements: [JSONValue] = []
      try array { reader in elements.append(try reader.value()) }
      return .array(elements)
    case .string: return .string(try string())
    case .number: return .number(try number())
    case .literal: return try literal().map(JSONValue.bool) ?? .null
    }
  }
}

extension JSONValue {
  /// The text without white space, on one line.
  var compact: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let text): text
    case .string(let text): Self.escape(text)
    case .array(let elements): "[" + elements.map(\.compact).joined(separator: ",") + "]"
    case .object(let object):
      "{" + object.members.map { Self.escape($0.key) + ":" + $0.value.compact }.joined(separator: ",") + "}"
    }
  }

  /// The text with one member or element a line, indented by two spaces, as Hugging Face writes `config.json`.
  func indented(_ margin: String = "") -> String {
    let inner = margin + "  "
    func block(_ open: String, _ lines: [String], _ close: String) -> String {
      lines.isEmpty
        ? open + close : open + "\n" + lines.map { inner + $0 }.joined(separator: ",\n") + "\n" + margin + close
    }
    return switch self {
    case .array(let elements): block("[", elements.map { $0.indented(inner) }, "]")
    case .object(let object):
      block("{", object.members.map { Self.escape($0.key) + ": " + $0.value.indented(inner) }, "}")
    default: compact
    }
  }

  private static func escape(_ text: String) -> String {
    var escaped = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": escaped += "\\\""
      case "\\": escaped += "\\\\"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped + "\""
  }
}
