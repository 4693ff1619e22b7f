import Files

/// What a safetensors file says of one tensor.
public struct SafetensorsTensor: Hashable, Sendable {
  public let name: String
  public let dataType: DataType
  /// Row-major; empty for a scalar.
  public let shape: [Int]
  /// Where the first byte lies, counted from the start of the file.
  public let byteOffset: Int
  public let byteCount: Int

  /// Elements.
  public var count: Int { byteCount * 8 / dataType.bitWidth }
}

/// The table of contents of a safetensors file, checked against the file's size.
///
/// The format: a 64-bit little-endian length N, N bytes of JSON that map each name to its type, shape and byte range,
/// then the tensors (https://github.com/huggingface/safetensors, README). The checks are those of the reference
/// implementation's `validate`, and of its README where that says more (duplicate keys, the first byte).
public struct SafetensorsHeader: Hashable, Sendable {
  /// The bytes before the JSON: its length.
  public static let lengthBytes = 8
  /// The longest JSON accepted, as in the reference implementation.
  public static let maximumBytes = 100_000_000

  /// Bytes before the first tensor: the length and the JSON with its padding.
  public let byteCount: Int
  /// The free strings under `__metadata__`.
  public let metadata: [String: String]
  /// In the order of their bytes in the file.
  public let tensors: [SafetensorsTensor]

  /// The length of the JSON, from the first 8 bytes of a file of `fileBytes`.
  ///
  /// - Throws: `SafetensorsError.Reason`: `tooShort`, `headerTooLong`, `headerBeyondFile`.
  static func jsonLength(_ prefix: [UInt8], fileBytes: Int) throws(SafetensorsError.Reason) -> Int {
    guard prefix.count == lengthBytes, fileBytes >= lengthBytes else { throw .tooShort(bytes: fileBytes) }
    let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(maximumBytes) else { throw .headerTooLong(bytes: length) }
    guard Int(length) <= fileBytes - lengthBytes else {
      throw .headerBeyondFile(bytes: Int(length), available: fileBytes - lengthBytes)
    }
    return Int(length)
  }

  /// Reads and checks the JSON of a file of `fileBytes`.
  ///
  /// - Throws: `SafetensorsError.Reason`.
  init(json: [UInt8], fileBytes: Int) throws(SafetensorsError.Reason) {
    guard json.first == UInt8(ascii: "{") else { throw .headerNotObject }
    byteCount = Self.lengthBytes + json.count
    var metadata: [String: String] = [:]
    var entries: [Entry] = []
    do {
      var reader = try JSONReader(json)
      try reader.object { reader, key in
        if key == "__metadata__" {
          metadata = try Self.metadata(&reader)
        } else {
          entries.append(try Entry(name: key, &reader))
        }
      }
      try reader.end()
    } catch let error as JSONError {
      throw .invalidJSON(error)
    } catch let reason as SafetensorsError.Reason {
      throw reason
    } catch {
      throw .headerNotObject
    }
    self.metadata = metadata
    tensors = try Self.placed(entries, after: byteCount, fileBytes: fileBytes)
  }

  private static func metadata(_ reader: inout JSONReader) throws -> [String: String] {
    var strings: [String: String] = [:]
    guard try reader.kind() == .object else { throw SafetensorsError.Reason.metadataNotStrings(key: nil) }
    try reader.object { reader, key in
      guard try reader.kind() == .string else { throw SafetensorsError.Reason.metadataNotStrings(key: key) }
      strings[key] = try reader.string()
    }
    return strings
  }

  /// Checks sizes and that the ranges tile the file's rest exactly, and turns them into absolute offsets.
  private static func placed(
    _ entries: [Entry], after start: Int, fileBytes: Int
  ) throws(SafetensorsError.Reason) -> [SafetensorsTensor] {
    let dataBytes = fileBytes - start
    var end = 0
    var tensors: [SafetensorsTensor] = []
    tensors.reserveCapacity(entries.count)
    for entry in entries.sorted(by: { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }) {
      guard entry.begin <= entry.end else {
        throw .offsetsReversed(tensor: entry.name, begin: entry.begin, end: entry.end)
      }
      guard entry.end <= dataBytes else {
        throw .beyondData(tensor: entry.name, end: entry.end, dataBytes: dataBytes)
      }
      if entry.begin > end { throw .hole(before: entry.name, from: end, to: entry.begin) }
      if entry.begin < end { throw .overlap(tensor: entry.name, begin: entry.begin, previousEnd: end) }
      let bytes = try entry.byteCount()
      guard bytes == entry.end - entry.begin else {
        throw .sizeMismatch(tensor: entry.name, shapeBytes: bytes, rangeBytes: entry.end - entry.begin)
      }
      tensors.append(
        SafetensorsTensor(
          name: entry.name, dataType: entry.dataType, shape: entry.shape, byteOffset: start + entry.begin,
          byteCount: bytes))
      end = entry.end
    }
    guard end == dataBytes else { throw .uncoveredData(from: end, dataBytes: dataBytes) }
    return tensors
  }
}

/// One tensor's entry as written, before its numbers are checked against each other.
private struct Entry {
  let name: String
  let dataType: DataType
  let shape: [Int]
  let begin: Int
  let end: Int

  init(name: String, _ reader: inout JSONReader) throws {
    typealias Reason = SafetensorsError.Reason
    var dataType: DataType?
    var shape: [Int]?
    var offsets: [Int]?
    guard try reader.kind() == .object else { throw Reason.tensorNotObject(name) }
    // Unknown fields are skipped, as the reference implementation does.
    try reader.object { reader, field in
      switch field {
      case "dtype":
        guard try reader.kind() == .string else { throw Reason.invalidField(tensor: name, field: field) }
        let text = try reader.string()
        dataType = DataType(rawValue: text)
        if dataType == nil { throw Reason.unknownDataType(tensor: name, text) }
      case "shape": shape = try Self.integers(&reader, name, field)
      case "data_offsets": offsets = try Self.integers(&reader, name, field)
      default: _ = try reader.value()
      }
    }
    guard let dataType else { throw Reason.missingField(tensor: name, field: "dtype") }
    guard let shape else { throw Reason.missingField(tensor: name, field: "shape") }
    guard let offsets else { throw Reason.missingField(tensor: name, field: "data_offsets") }
    guard offsets.count == 2 else { throw Reason.invalidField(tensor: name, field: "data_offsets") }
    self.name = name
    self.dataType = dataType
    self.shape = shape
    (begin, end) = (offsets[0], offsets[1])
  }

  private static func integers(_ reader: inout JSONReader, _ name: String, _ field: String) throws -> [Int] {
    var integers: [Int] = []
    guard try reader.kind() == .array else {
      throw SafetensorsError.Reason.invalidField(tensor: name, field: field)
    }
    try reader.array { reader in
      guard try reader.kind() == .number else {
        throw SafetensorsError.Reason.invalidField(tensor: name, field: field)
      }
      // Digits only: a sign, a fraction or an exponent makes no unsigned integer.
      let text = try reader.number()
      guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let value = Int(text) else {
        throw SafetensorsError.Reason.invalidInteger(tensor: name, field: field, text)
      }
      integers.append(value)
    }
    return integers
  }

  /// The bytes that shape and type ask for.
  func byteCount() throws(SafetensorsError.Reason) -> Int {
    var bits = 1
    for factor in shape + [dataType.bitWidth] {
      let (product, overflow) = bits.multipliedReportingOverflow(by: factor)
      if overflow { throw .sizeOverflow(tensor: name, shape: shape) }
      bits = product
    }
    guard bits % 8 == 0 else { throw .partialByte(tensor: name, bits: bits) }
    return bits / 8
  }
}
