/// What a model's head predicts, as a prepared file records it.
public enum Objective: Equatable, Sendable {
  case classification(classCount: Int)
  case regression
  /// Any of so many labels.
  case multiLabel(labelCount: Int)
  /// First and last token of an answer.
  case span

  /// Logits of a sequence, or of each of its tokens for a span.
  public var outputCount: Int {
    switch self {
    case .classification(let count), .multiLabel(let count): count
    case .regression: 1
    case .span: 2
    }
  }

  /// 4-byte numbers that make up an example's label, as the engine takes them: a class, the bits of a float, a 0 or 1
  /// a label as the bits of floats, or two positions.
  public var labelsPerExample: Int {
    switch self {
    case .classification, .regression: 1
    case .multiLabel(let count): count
    case .span: 2
    }
  }

  /// A label as those numbers; nil where the head cannot predict it for a sequence of so many tokens.
  func numbers(for label: Label, tokenCount: Int) -> [Int32]? {
    switch (self, label) {
    case (.classification(let count), .category(let index)) where (0..<count).contains(index):
      return [Int32(index)]
    case (.regression, .score(let score)) where score.isFinite: return [Int32(bitPattern: score.bitPattern)]
    case (.multiLabel(let count), .categories(let indices)) where indices.allSatisfy((0..<count).contains):
      var targets = [Float](repeating: 0, count: count)
      for index in indices { targets[index] = 1 }
      return targets.map { Int32(bitPattern: $0.bitPattern) }
    case (.span, .span(let first, let last))
    where (0..<tokenCount).contains(first) && (0..<tokenCount).contains(last):
      return [Int32(first), Int32(last)]
    default: return nil
    }
  }

  /// The label that as many numbers stand for; nil where they stand for none.
  func label(_ numbers: [Int32], tokenCount: Int) -> Label? {
    let label: Label
    switch self {
    case .classification: label = .category(Int(numbers[0]))
    case .regression: label = .score(Float(bitPattern: UInt32(bitPattern: numbers[0])))
    case .multiLabel:
      label = .categories(numbers.indices.filter { numbers[$0] == Int32(bitPattern: Float(1).bitPattern) })
    case .span: label = .span(first: Int(numbers[0]), last: Int(numbers[1]))
    }
    return self.numbers(for: label, tokenCount: tokenCount) == numbers ? label : nil
  }
}

/// The first 64 bytes of a prepared file.
///
/// All integers are little-endian. The file is: this header; the token ids of all examples, end to end, 2 bytes
/// each for vocabularies of up to 65,536 tokens and else 4; zeros up to a multiple of 16; one entry an example.
///
/// | bytes | header | | bytes | entry |
/// |---|---|---|---|---|
/// | 0..<8 | "PFTOKENS" | | 0..<8 | tokens of this example and all before it |
/// | 8..<12 | version, 2 | | 8..<12 | tokens of its first segment |
/// | 12..<16 | 0 for classes, 1 a number, 2 labels, 3 a span | | 12..<12 + 4n | its label, n numbers as `Objective` says |
/// | 16..<20 | vocabulary size | | | |
/// | 20..<24 | padding id | | | |
/// | 24..<32 | maximum length | | | |
/// | 32..<40 | examples | | | |
/// | 40..<48 | tokens | | | |
/// | 48..<52 | outputs: classes or labels, 1 for a number, 2 for a span | | | |
/// | 52..<64 | zeros | | | |
struct PreparedHeader: Equatable {
  static let magic = Array("PFTOKENS".utf8)
  static let version: UInt32 = 2
  static let byteCount = 64

  var objective: Objective
  var vocabularySize: Int
  var paddingID: Int32
  var maximumLength: Int
  var exampleCount = 0
  var tokenCount = 0

  var tokenBytes: Int { vocabularySize <= 1 << 16 ? 2 : 4 }
  var entryBytes: Int { 12 + 4 * objective.labelsPerExample }

  /// Where the entries start, and where the file ends; nil if that overflows.
  var layout: (entries: Int, end: Int)? {
    let (tokens, overflow) = tokenCount.multipliedReportingOverflow(by: tokenBytes)
    guard !overflow, tokens <= Int.max - Self.byteCount - 15 else { return nil }
    let entries = (Self.byteCount + tokens + 15) & ~15
    let (entriesBytes, entryOverflow) = exampleCount.multipliedReportingOverflow(by: entryBytes)
    let (end, endOverflow) = entries.addingReportingOverflow(entriesBytes)
    return entryOverflow || endOverflow ? nil : (entries, end)
  }

  var encoded: [UInt8] {
    var bytes = Self.magic
    func append(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    append(Self.version)
    switch objective {
    case .classification: append(UInt32(0))
    case .regression: append(UInt32(1))
    case .multiLabel: append(UInt32(2))
    case .span: append(UInt32(3))
    }
    append(UInt32(clamping: vocabularySize))
    append(UInt32(clamping: paddingID))
    append(UInt64(clamping: maximumLength))
    append(UInt64(clamping: exampleCount))
    append(UInt64(clamping: tokenCount))
    append(UInt32(clamping: objective.outputCount))
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
    let known: [Objective] = [
      .classification(classCount: word(48)), .regression, .multiLabel(labelCount: word(48)), .span,
    ]
    guard known.indices.contains(word(12)), known[word(12)].outputCount == word(48) else {
      throw .malformed(path: path, reason: "a head of kind \(word(12)) with \(word(48)) outputs")
    }
    objective = known[word(12)]
    vocabularySize = word(16)
    guard let padding = Int32(exactly: word(20)), padding < vocabularySize else {
      throw .malformed(path: path, reason: "the padding id is not in the vocabulary")
    }
    paddingID = padding
    maximumLength = try long(24, "the maximum length")
    exampleCount = try long(32, "the number of examples")
    tokenCount = try long(40, "the number of tokens")
    guard bytes[52..<64].allSatisfy({ $0 == 0 }) else {
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
