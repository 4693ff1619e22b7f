import Units

/// Where and why bytes are not acceptable JSON.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable, CustomStringConvertible {
    case notUTF8
    case unexpectedEnd
    case unexpectedByte
    case invalidNumber
    case invalidEscape
    case duplicateKey(String)
    case tooDeep
    case trailingBytes

    public var description: String {
      switch self {
      case .notUTF8: "not UTF-8"
      case .unexpectedEnd: "the text ends inside a value"
      case .unexpectedByte: "a character that JSON does not allow there"
      case .invalidNumber: "a malformed number"
      case .invalidEscape: "a malformed escape"
      case .duplicateKey(let key): "the key \(key.quoted) occurs twice"
      case .tooDeep: "values nest more than \(JSONReader.maximumDepth) deep"
      case .trailingBytes: "something follows the value"
      }
    }
  }

  public let reason: Reason
  /// Bytes from the first.
  public let offset: Int

  package init(_ reason: Reason, at offset: Int) {
    (self.reason, self.offset) = (reason, offset)
  }

  public var description: String { "\(reason) (byte \(offset))" }
}
