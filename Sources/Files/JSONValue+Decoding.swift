import Units

extension JSONValue {
  /// Decodes a value whose keys the document writes in snake case; keys of dictionaries are as they are.
  ///
  /// Foundation's decoder says only "not valid JSON" of a number that does not fit its field, and calls keys what the program calls them.
  /// Errors of this one name the place as the document spells it, and what is accepted there.
  ///
  /// - Throws: `DecodingError`.
  package func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONNode(value: self, codingPath: []).decode(type)
  }
}

/// A key as the document spells it, or a place in a list.
private struct JSONPlace: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) { (self.stringValue, intValue) = (stringValue, nil) }

  init(intValue: Int) { (stringValue, self.intValue) = ("[\(intValue)]", intValue) }
}

/// Dictionaries of names: their keys are no properties.
private protocol NamesAsKeys {}
extension Dictionary: NamesAsKeys where Key == String {}

/// A value and its place in the document.
private struct JSONNode: Decoder, SingleValueDecodingContainer {
  let value: JSONValue
  let codingPath: [any CodingKey]
  /// Whether its keys are properties of the program's.
  var hasProperties = true

  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let members = value.members else { throw mismatch(type, "an object") }
    return KeyedDecodingContainer(JSONMembers(node: self, members))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let elements = value.elements else { throw mismatch([JSONValue].self, "an array") }
    return JSONElements(node: self, elements: elements)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  func decodeNil() -> Bool { if case .null = value { true } else { false } }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if let found = try plain(type) {
      guard let found = found as? Value else { throw mismatch(type, "another kind of value") }
      return found
    }
    let node = JSONNode(
      value: value, codingPath: codingPath, hasProperties: !(type is any NamesAsKeys.Type))
    do {
      return try Value(from: node)
    } catch let error as DecodingError {
      guard let text = value.string, let cases = type as? any CaseIterable.Type,
        let names = Self.names(of: cases)
      else { throw error }
      throw corrupted("\(text.quoted) is not known here; accepted are \(names.joined(separator: ", "))")
    }
  }

  /// The value as a type that JSON itself has; nil for others, which are made of these.
  private func plain(_ type: any Decodable.Type) throws -> Any? {
    switch type {
    case is String.Type:
      guard let text = value.string else { throw mismatch(type, "a string") }
      return text
    case is Bool.Type:
      guard let bool = value.bool else { throw mismatch(type, "true or false") }
      return bool
    case let type as any FixedWidthInteger.Type: return try whole(type)
    case let type as any BinaryFloatingPoint.Type: return try real(type)
    default: return nil
    }
  }

  private func whole<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
    guard case .number(let text) = value else { throw mismatch(type, "a whole number") }
    let real = Double(text)
    if let number = Number(text) ?? real.flatMap({ Number(exactly: $0) }) { return number }
    throw corrupted(
      real.map { $0 == $0.rounded() } ?? true
        ? "\(text.quoted) is not within \(Number.min)...\(Number.max)" : "\(text.quoted) is not a whole number")
  }

  private func real<Number: BinaryFloatingPoint>(_ type: Number.Type) throws -> Number {
    guard case .number(let text) = value else { throw mismatch(type, "a number") }
    guard let number = Double(text).map({ Number($0) }), number.isFinite else {
      throw corrupted("\(text.quoted) is too large a number")
    }
    return number
  }

  /// What an enumeration's cases are written as, where that is text.
  private static func names<Cases: CaseIterable>(of type: Cases.Type) -> [String]? {
    let names = type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
    return names.isEmpty ? nil : names
  }

  /// - Parameter spelled: the key or place, as the document has it.
  func child(_ value: JSONValue, at spelled: JSONPlace) -> JSONNode {
    JSONNode(value: value, codingPath: codingPath + [spelled])
  }

  func mismatch(_ type: Any.Type, _ expected: String) -> DecodingError {
    .typeMismatch(
      type, .init(codingPath: codingPath, debugDescription: "expected \(expected), found \(value.kind)"))
  }

  private func corrupted(_ reason: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: codingPath, debugDescription: reason))
  }
}

private struct JSONMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let node: JSONNode
  /// By the name that the program has for the key.
  private let members: [String: JSONObject.Member]

  init(node: JSONNode, _ members: [JSONObject.Member]) {
    self.node = node
    self.members = Dictionary(
      members.map { (node.hasProperties ? $0.key.camelCased : $0.key, $0) }, uniquingKeysWith: { $1 })
  }

  var codingPath: [any CodingKey] { node.codingPath }
  var allKeys: [Key] { members.keys.compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { members[key.stringValue] != nil }

  func decodeNil(forKey key: Key) throws -> Bool { try child(key).decodeNil() }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try child(key).decode(type)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try child(key).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try child(key).unkeyedContainer()
  }

  func superDecoder() -> any Decoder { node }

  func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }

  private func child(_ key: Key) throws -> JSONNode {
    guard let member = members[key.stringValue] else {
      let spelled = JSONPlace(stringValue: node.hasProperties ? key.stringValue.snakeCased : key.stringValue)
      throw DecodingError.keyNotFound(spelled, .init(codingPath: codingPath, debugDescription: "missing"))
    }
    return node.child(member.value, at: JSONPlace(stringValue: member.key))
  }
}

private struct JSONElements: UnkeyedDecodingContainer {
  let node: JSONNode
  let elements: [JSONValue]
  private(set) var currentIndex = 0

  init(node: JSONNode, elements: [JSONValue]) { (self.node, self.elements) = (node, elements) }

  var codingPath: [any CodingKey] { node.codingPath }
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex == elements.count }

  mutating func decodeNil() throws -> Bool {
    let isNil = try peek().decodeNil()
    if isNil { currentIndex += 1 }
    return isNil
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().decode(type) }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next().unkeyedContainer()
  }

  mutating func superDecoder() throws -> any Decoder { try next() }

  private func peek() throws -> JSONNode {
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        JSONValue.self, .init(codingPath: codingPath, debugDescription: "has only \(elements.count) elements"))
    }
    return node.child(elements[currentIndex], at: JSONPlace(intValue: currentIndex))
  }

  private mutating func next() throws -> JSONNode {
    let next = try peek()
    currentIndex += 1
    return next
  }
}

extension String {
  /// `frozen_weights` as `frozenWeights`; what has no words between underscores stays as it is.
  fileprivate var camelCased: String {
    let words = split(separator: "_")
    guard words.count > 1 else { return self }
    return words.dropFirst().reduce(String(words[0])) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
  }

  /// `frozenWeights` as `frozen_weights`.
  fileprivate var snakeCased: String {
    reduce("") { $0 + ($1.isUppercase ? "_" + $1.lowercased() : String($1)) }
  }
}
