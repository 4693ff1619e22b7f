import Files
import Foundation

/// Writes prepared examples as they come; holds their lengths and labels, and never the tokens.
///
/// The file appears at its destination, complete, when `finish` returns; until then, and after an error, what was
/// there before stays.
public struct PreparedDataWriter: ~Copyable {
  private let file: PreparedFileWriter
  private let path: String
  private var header: PreparedHeader
  private var entries: [(end: UInt64, firstSegmentLength: UInt32)] = []
  /// Of all examples, end to end.
  private var labels: [Int32] = []

  /// Creates a file beside the destination.
  ///
  /// - Parameters:
  ///   - vocabularySize: one more than the largest id that may occur.
  ///   - paddingID: the id that fills a batch's rows up to their common length.
  ///   - maximumLength: tokens that an example may have.
  /// - Throws: `PreparedDataError.unreadable`.
  public init(
    destination: URL, objective: Objective, vocabularySize: Int, paddingID: Int32, maximumLength: Int
  ) throws {
    path = destination.path
    header = PreparedHeader(
      objective: objective, vocabularySize: vocabularySize, paddingID: paddingID, maximumLength: maximumLength)
    let path = path
    let placeholder = Array<UInt8>(repeating: 0, count: PreparedHeader.byteCount)
    file = try Self.wrapping {
      let file = try PreparedFileWriter(destination: path)
      for byte in placeholder { try file.append(byte) }
      return file
    }
  }

  /// Appends an example.
  ///
  /// - Throws: `PreparedDataError.malformedExample` when it contradicts what the writer was told.
  public mutating func append(ids: [Int32], firstSegmentLength: Int, label: Label) throws {
    labels += try check(ids: ids, firstSegmentLength: firstSegmentLength, label: label)
    let isNarrow = header.tokenBytes == 2
    try Self.wrapping { [file] in
      for id in ids {
        if isNarrow { try file.append(UInt16(truncatingIfNeeded: id)) } else { try file.append(id) }
      }
    }
    header.tokenCount += ids.count
    header.exampleCount += 1
    entries.append((UInt64(header.tokenCount), UInt32(firstSegmentLength)))
  }

  /// Completes the file and puts it in place.
  public consuming func finish() throws {
    let (file, entries, labels, head) = (file, entries, labels, header.encoded)
    let labelsPerExample = header.objective.labelsPerExample
    try Self.wrapping {
      while file.byteCount % 16 != 0 { try file.append(UInt8(0)) }
      for (index, entry) in entries.enumerated() {
        try file.append(entry.end)
        try file.append(entry.firstSegmentLength)
        for number in labels[(index * labelsPerExample)..<((index + 1) * labelsPerExample)] {
          try file.append(number)
        }
      }
      try file.commit(head: head)
    }
  }

  private func check(ids: [Int32], firstSegmentLength: Int, label: Label) throws -> [Int32] {
    func malformed(_ reason: String) -> PreparedDataError {
      .malformedExample(path: path, example: header.exampleCount, reason: reason)
    }
    guard ids.count <= header.maximumLength else { throw malformed("\(ids.count) tokens") }
    guard (1...max(1, ids.count)).contains(firstSegmentLength), !ids.isEmpty else {
      throw malformed("a first segment of \(firstSegmentLength) of \(ids.count) tokens")
    }
    guard ids.allSatisfy({ $0 >= 0 && Int($0) < header.vocabularySize }) else {
      throw malformed("a token id outside the vocabulary")
    }
    guard let numbers = header.objective.numbers(for: label, tokenCount: ids.count) else {
      throw malformed("label \(label) in a file for \(header.objective)")
    }
    return numbers
  }

  private static func wrapping<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as FileError {
      throw PreparedDataError.unreadable(error)
    }
  }
}
