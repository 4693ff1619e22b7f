import Foundation

/// Tokenized examples in one file, mapped read-only: a training process needs neither tokenizer nor heap for them.
///
/// ```swift
/// let data = try PreparedData(mapping: URL(fileURLWithPath: "train.tokens"))
/// let example = data[0]
/// example.ids.count, example.firstSegmentLength, example.label
/// ```
///
/// Opening checks the whole file, so that nothing has to be checked while training.
public struct PreparedData: Sendable {
  private let file: MappedFile
  private let header: PreparedHeader
  private let entriesOffset: Int

  public var count: Int { header.exampleCount }
  public var objective: Objective { header.objective }
  /// Tokens of all examples.
  public var tokenCount: Int { header.tokenCount }
  /// One more than the largest id that may occur; the embedding table must have as many rows.
  public var vocabularySize: Int { header.vocabularySize }
  public var paddingID: Int32 { header.paddingID }
  /// Tokens that an example may have; a batch this wide holds any of them.
  public var maximumLength: Int { header.maximumLength }

  /// Maps a file and validates it: header, sizes, and every example's bounds, ids and label.
  ///
  /// - Throws: `PreparedDataError`.
  /// - Complexity: O(tokens).
  public init(mapping url: URL) throws(PreparedDataError) {
    do {
      file = try MappedFile(path: url.path)
    } catch {
      throw .unreadable(error)
    }
    header = try PreparedHeader(decoding: file.bytes, path: file.path)
    guard let layout = header.layout else {
      throw .malformed(path: file.path, reason: "sizes that no file can have")
    }
    guard layout.end == file.bytes.count else {
      throw .wrongSize(path: file.path, expectedBytes: layout.end, foundBytes: file.bytes.count)
    }
    guard header.exampleCount > 0 else { throw .empty(path: file.path) }
    entriesOffset = layout.entries
    try validate()
    releasePages()
  }

  /// Gives the file's pages back to the system, so that examples read once do not stay resident.
  public func releasePages() { file.releasePages() }

  private func validate() throws(PreparedDataError) {
    var start = 0
    for index in 0..<count {
      func malformed(_ reason: String) -> PreparedDataError {
        .malformedExample(path: file.path, example: index, reason: reason)
      }
      guard let end = Int(exactly: load(UInt64.self, entriesOffset + index * PreparedHeader.entryBytes)),
        end > start, end <= tokenCount, end - start <= maximumLength
      else { throw malformed("its tokens are out of bounds") }
      let example = self[index]
      guard (1...(end - start)).contains(example.firstSegmentLength) else {
        throw malformed("a first segment of \(example.firstSegmentLength) of \(end - start) tokens")
      }
      guard example.ids.allSatisfy({ $0 >= 0 && Int($0) < vocabularySize }) else {
        throw malformed("a token id outside the vocabulary")
      }
      switch (example.label, objective) {
      case (.category(let index), .classification(let count)) where index < count: break
      case (.score(let score), .regression) where score.isFinite: break
      default: throw malformed("label \(example.label) in a file for \(objective)")
      }
      start = end
    }
    guard start == tokenCount else { throw .malformed(path: file.path, reason: "tokens of no example") }
  }

  private func load<Value: FixedWidthInteger>(_: Value.Type, _ offset: Int) -> Value {
    Value(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  /// An example: a view into the mapped file.
  public struct Example: Sendable {
    /// Token ids, special tokens included, without padding.
    public let ids: TokenIDs
    /// Leading tokens of type 0; the rest are of type 1.
    public let firstSegmentLength: Int
    public let label: Label
  }

  /// Token ids in the mapped file, whatever their width there.
  public struct TokenIDs: RandomAccessCollection, Sendable {
    private let file: MappedFile
    private let offset: Int
    private let isNarrow: Bool
    public let count: Int

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public subscript(position: Int) -> Int32 {
      precondition(position >= 0 && position < count, "token \(position) of \(count)")
      return isNarrow
        ? Int32(
          UInt16(
            littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset + 2 * position, as: UInt16.self)))
        : Int32(
          littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset + 4 * position, as: Int32.self))
    }

    fileprivate init(file: MappedFile, offset: Int, isNarrow: Bool, count: Int) {
      (self.file, self.offset, self.isNarrow, self.count) = (file, offset, isNarrow, count)
    }
  }

  /// Example `index`, from 0.
  public subscript(index: Int) -> Example {
    precondition(index >= 0 && index < count, "example \(index) of \(count)")
    let entry = entriesOffset + index * PreparedHeader.entryBytes
    let start = index == 0 ? 0 : Int(load(UInt64.self, entry - PreparedHeader.entryBytes))
    let bits = load(UInt32.self, entry + 12)
    let ids = TokenIDs(
      file: file, offset: PreparedHeader.byteCount + start * header.tokenBytes,
      isNarrow: header.tokenBytes == 2, count: Int(load(UInt64.self, entry)) - start)
    return Example(
      ids: ids, firstSegmentLength: Int(load(UInt32.self, entry + 8)),
      label: objective == .regression ? .score(Float(bitPattern: bits)) : .category(Int(bits)))
  }

  /// Writes example `index` into one row of a padded batch.
  ///
  /// - Parameters:
  ///   - ids: (S), filled with the ids and then with the padding id; S must be at least the example's length.
  ///   - tokenTypes: (S), 0 for the first segment, 1 for the second, 0 for padding.
  /// - Returns: the example's length; positions from there on are padding.
  @discardableResult
  public func copy(
    _ index: Int, ids: UnsafeMutableBufferPointer<Int32>, tokenTypes: UnsafeMutableBufferPointer<Int32>
  ) -> Int {
    let example = self[index]
    let length = example.ids.count
    precondition(
      length <= ids.count && ids.count == tokenTypes.count,
      "\(length) tokens for rows of \(ids.count) ids and \(tokenTypes.count) types")
    for position in ids.indices {
      ids[position] = position < length ? example.ids[position] : paddingID
      tokenTypes[position] = position >= example.firstSegmentLength && position < length ? 1 : 0
    }
    return length
  }
}
