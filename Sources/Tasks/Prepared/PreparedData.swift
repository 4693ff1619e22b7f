import Files
import Foundation

/// Tokenized examples in one file, read one at a time: a training process needs neither tokenizer nor heap for them.
///
/// ```swift
/// let data = try PreparedData(opening: URL(fileURLWithPath: "train.tokens"))
/// let example = data[0]
/// example.ids.count, example.firstSegmentLength, example.label
/// ```
///
/// Opening checks the whole file, so that nothing has to be checked while training. Examples are copied out of it, not mapped: one
/// fault on a mapped file makes up to 64 KiB of neighbours resident, which over a batch would be more than the batch.
public struct PreparedData: Sendable {
  private let file: RegularFile
  private let header: PreparedHeader
  private let entriesOffset: Int

  public var path: String { file.path }
  public var count: Int { header.exampleCount }
  public var objective: Objective { header.objective }
  /// Tokens of all examples.
  public var tokenCount: Int { header.tokenCount }
  /// One more than the largest id that may occur; the embedding table must have as many rows.
  public var vocabularySize: Int { header.vocabularySize }
  public var paddingID: Int32 { header.paddingID }
  /// Tokens that an example may have; a batch this wide holds any of them.
  public var maximumLength: Int { header.maximumLength }

  /// Opens a file and validates it: header, sizes, and every example's bounds, ids and label.
  ///
  /// - Throws: `PreparedDataError`.
  /// - Complexity: O(tokens).
  public init(opening url: URL) throws(PreparedDataError) {
    let file: RegularFile
    let start: [UInt8]
    do throws(FileError) {
      file = try RegularFile(url.path)
      start = try file.bytes(0..<min(PreparedHeader.byteCount, file.byteCount))
    } catch {
      throw .unreadable(error)
    }
    self.file = file
    do {
      header = try start.withUnsafeBytes { try PreparedHeader(decoding: $0, path: file.path) }
    } catch let error as PreparedDataError {
      throw error
    } catch {
      throw .malformed(path: file.path, reason: "\(error)")
    }
    guard let layout = header.layout else {
      throw .malformed(path: file.path, reason: "sizes that no file can have")
    }
    guard layout.end == file.byteCount else {
      throw .wrongSize(path: file.path, expectedBytes: layout.end, foundBytes: file.byteCount)
    }
    guard header.exampleCount > 0 else { throw .empty(path: file.path) }
    entriesOffset = layout.entries
    try validate()
  }

  private func validate() throws(PreparedDataError) {
    var start = 0
    for index in 0..<count {
      func malformed(_ reason: String) -> PreparedDataError {
        .malformedExample(path: file.path, example: index, reason: reason)
      }
      let entry = entry(index)
      guard let end = Int(exactly: entry.end), end > start, end <= tokenCount, end - start <= maximumLength
      else {
        throw malformed("its tokens are out of bounds")
      }
      let example = example(entry, tokens: start..<end)
      guard (1...(end - start)).contains(example.firstSegmentLength) else {
        throw malformed("a first segment of \(example.firstSegmentLength) of \(end - start) tokens")
      }
      guard example.ids.allSatisfy({ $0 >= 0 && Int($0) < vocabularySize }) else {
        throw malformed("a token id outside the vocabulary")
      }
      guard objective.label(example.labels, tokenCount: example.ids.count) != nil else {
        throw malformed("label \(example.labels) in a file for \(objective)")
      }
      start = end
    }
    guard start == tokenCount else { throw .malformed(path: file.path, reason: "tokens of no example") }
  }

  /// One example, copied out of the file.
  public struct Example: Sendable {
    /// Token ids, special tokens included, without padding.
    public let ids: [Int32]
    /// Leading tokens of type 0; the rest are of type 1.
    public let firstSegmentLength: Int
    /// The label as the engine takes it: as many numbers as `Objective.labelsPerExample` says.
    public let labels: [Int32]
  }

  /// What the model should predict for an example of this file.
  public func label(of example: Example) -> Label? {
    objective.label(example.labels, tokenCount: example.ids.count)
  }

  /// Example `index`, from 0.
  public subscript(index: Int) -> Example {
    precondition(index >= 0 && index < count, "example \(index) of \(count)")
    let start = index == 0 ? 0 : end(of: index - 1)
    let entry = entry(index)
    return example(entry, tokens: start..<Int(entry.end))
  }

  // MARK: Reading

  private struct Entry {
    var end: UInt64
    var firstSegmentLength: UInt32
    var labels: [Int32]
  }

  /// Tokens of an example and all before it.
  private func end(of index: Int) -> Int {
    withUnsafeTemporaryAllocation(byteCount: 8, alignment: 8) { bytes in
      read(at: entriesOffset + index * header.entryBytes, into: bytes)
      return Int(UInt64(littleEndian: bytes.load(as: UInt64.self)))
    }
  }

  private func entry(_ index: Int) -> Entry {
    withUnsafeTemporaryAllocation(byteCount: header.entryBytes, alignment: 8) { bytes in
      read(at: entriesOffset + index * header.entryBytes, into: bytes)
      return Entry(
        end: UInt64(littleEndian: bytes.load(as: UInt64.self)),
        firstSegmentLength: UInt32(littleEndian: bytes.load(fromByteOffset: 8, as: UInt32.self)),
        labels: stride(from: 12, to: bytes.count, by: 4).map {
          Int32(littleEndian: bytes.load(fromByteOffset: $0, as: Int32.self))
        })
    }
  }

  private func example(_ entry: Entry, tokens: Range<Int>) -> Example {
    let ids = [Int32](unsafeUninitializedCapacity: tokens.count) { ids, count in
      withUnsafeTemporaryAllocation(byteCount: tokens.count * header.tokenBytes, alignment: 8) { bytes in
        read(at: PreparedHeader.byteCount + tokens.lowerBound * header.tokenBytes, into: bytes)
        for index in 0..<tokens.count {
          let id =
            header.tokenBytes == 2
            ? Int32(UInt16(littleEndian: bytes.load(fromByteOffset: 2 * index, as: UInt16.self)))
            : Int32(littleEndian: bytes.load(fromByteOffset: 4 * index, as: Int32.self))
          ids.initializeElement(at: index, to: id)
        }
      }
      count = tokens.count
    }
    return Example(
      ids: ids, firstSegmentLength: Int(entry.firstSegmentLength), labels: entry.labels)
  }

  /// The sizes were checked when the file was opened; a file that was shortened since reads as zeros.
  private func read(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) {
    do {
      try file.read(at: offset, into: bytes)
    } catch {
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }
  }
}
