/// A JSON document that keeps the order of its members and the text of its numbers, so that a configuration can be
/// written back with nothing changed but what was meant to change.
package enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  /// The number as it was written.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// - Throws: `JSONError`.
  package init(parsing bytes: [UInt8], strings: JSONReader.Strings = .names) throws {
    var reader = try JSONReader(bytes, strings: strings)
    self = try reader.value()
    try reader.end()
  }

  /// The value of an object's member; nil where there is none.
  package subscript(key: String) -> JSONValue? {
    if case .object(let object) = self { object[key] } else { nil }
  }

  package var members: [JSONObject.Member]? {
    if case .object(let object) = self { object.members } else { nil }
  }

  package var elements: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  package var string: String? {
    if case .string(let string) = self { string } else { nil }
  }

  package var bool: Bool? {
    if case .bool(let bool) = self { bool } else { nil }
  }

  package var integer: Int? {
    if case .number(let text) = self { Int(text) } else { nil }
  }

  /// What the value is, for errors.
  package var kind: String {
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
package struct JSONObject: Hashable, Sendable {
  package struct Member: Hashable, Sendable {
    package let key: String
    package var value: JSONValue
  }

  package private(set) var members: [Member] = []

  package init(_ members: KeyValuePairs<String, JSONValue> = [:]) {
    for (key, value) in members { self[key] = value }
  }

  /// Adds a member whose key is known to be new.
  package mutating func append(_ key: String, _ value: JSONValue) {
    members.append(Member(key: key, value: value))
  }

  /// The value of a key (the last, where a text repeats it); assigning replaces it in place, appends it, or with nil
  /// removes it.
  package subscript(key: String) -> JSONValue? {
    get { members.last { $0.key == key }?.value }
    set {
      let index = members.lastIndex { $0.key == key }
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
  package mutating func value() throws -> JSONValue {
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
