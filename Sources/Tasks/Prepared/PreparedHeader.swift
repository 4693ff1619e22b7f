/// What a model's head predicts, as a prepared file records it.
public enum Objective: Equatable, Sendable {
  case classification(classCount: Int)
  case regression
}

/// The first 64 bytes of a prepared file.
///
/// All integers are little-endian. The file is: this header; the token ids of all examples, end to end, 2 bytes
/// each for vocabularies of up to 65,536 tokens and else 4; zeros up to a multiple of 16; one entry of 16 bytes
/// an example.
///
/// | bytes | header | | bytes | entry |
/// |---|---|---|---|---|
/// | 0..<8 | "PFTOKENS" | | 0..<8 | tokens of this example and all before it |
/// | 8..<12 | version, 1 | | 8..<12 | tokens of its first segment |
/// | 12..<16 | classes, 0 for regression | | 12..<16 | class index, or the bits of a 32-bit float |
/// | 16..<20 | vocabulary size | | | |
/// | 20..<24 | padding id | | | |
/// | 24..<32 | maximum length | | | |
/// | 32..<40 | examples | | | |
/// | 40..<48 | tokens | | | |
/// | 48..<64 | zeros | | | |
struct PreparedHeader: Equatable {
  static let magic = Array("PFTOKENS".utf8)
  static let version: UInt32 = 1
  static let byteCount = 64
  static let entryBytes = 16

  var objective: Objective
  var vocabularySize: Int
  var paddingID: Int32
  var maximumLength: Int
  var exampleCount = 0
  var tokenCount = 0

  var tokenBytes: Int { vocabularySize <= 1 << 16 ? 2 : 4 }

  /// Where the entries start, and where the file ends; nil if that overflows.
  var layout: (entries: Int, end: Int)? {
    let (tokens, overflow) = tokenCount.multipliedReportingOverflow(by: tokenBytes)
    guard !overflow, tokens <= Int.max - Self.byteCount - 15 else { return nil }
    let entries = (Self.byteCount + tokens + 15) & ~15
    let (entryBytes, entryOverflow) = exampleCount.multipliedReportingOverflow(by: Self.entryBytes)
    let (end, endOverflow) = entries.addingReportingOverflow(entryBytes)
    return entryOverflow || endOverflow ? nil : (entries, end)
  }

  var encoded: [UInt8] {
    var bytes = Self.magic
    func append(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    append(Self.version)
    switch objective {
    case .classification(let classCount): append(UInt32(clamping: classCount))
    case .regression: append(UInt32(0))
    }
    append(UInt32(clamping: vocabularySize))
    append(UInt32(clamping: paddingID))
    append(UInt64(clamping: maximumLength))
    append(UInt64(clamping: exampleCount))
    append(UInt64(clamping: tokenCount))
    bytes += Array(repeating: 0, count: Self.byteCount - bytes.count)
    return bytes
  }

  /// Decodes a header and checks every field by itself.
  ///
  /// - Throws: `PreparedDataError`.
  init(decoding bytes: UnsafeRawBufferPointer, path: String) throws(PreparedDataError) {
    guard bytes.count >= Self.byteCount, bytes.prefix(8).elementsEqual(Self.magic) else {
      throw .notPrepared(path: path)
    }
    func word(_ offset: Int) -> Int {
      Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }
    func long(_ offset: Int, _ what: String) throws(PreparedDataError) -> Int {
      let value = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      guard let value = Int(exactly: value) else {
        throw .malformed(path: path, reason: "\(what) is \(value)")
      }
      return value
    }
    guard word(8) == Self.version else { throw .otherVersion(path: path, version: word(8)) }
    objective = word(12) == 0 ? .regression : .classification(classCount: word(12))
    vocabularySize = word(16)
    guard let padding = Int32(exactly: word(20)), padding < vocabularySize else {
      throw .malformed(path: path, reason: "the padding id is not in the vocabulary")
    }
    paddingID = padding
    maximumLength = try long(24, "the maximum length")
    exampleCount = try long(32, "the number of examples")
    tokenCount = try long(40, "the number of tokens")
    guard bytes[48..<64].allSatisfy({ $0 == 0 }) else {
      throw .malformed(path: path, reason: "the header's reserved bytes are not zero")
    }
  }

  init(objective: Objective, vocabularySize: Int, paddingID: Int32, maximumLength: Int) {
    self.objective = objective
    self.vocabularySize = vocabularySize
    self.paddingID = paddingID
    self.maximumLength = maximumLength
  }
}
