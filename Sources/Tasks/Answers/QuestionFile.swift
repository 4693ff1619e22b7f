import Files
import Foundation

/// The questions behind a file of prepared windows, in a file beside it: a head, then one JSON object a line.
enum QuestionFile {
  struct Head: Codable {
    static let currentVersion = 1

    var version = currentVersion
    /// Whether questions may have no answer.
    let mayBeMissing: Bool
  }

  static func path(besides prepared: String) -> String { prepared + ".questions" }
}

/// Writes questions as they come; the file appears, complete, when `finish` returns.
struct QuestionWriter {
  private let file: PreparedFileWriter
  private let encoder = JSONEncoder()

  init(besides prepared: String, mayBeMissing: Bool) throws {
    file = try PreparedFileWriter(destination: QuestionFile.path(besides: prepared))
    try append(line: QuestionFile.Head(mayBeMissing: mayBeMissing))
  }

  func append(_ question: QuestionRecord) throws { try append(line: question) }

  func finish() throws { try file.commit(head: []) }

  private func append(line value: some Encodable) throws {
    for byte in try encoder.encode(value) { try file.append(byte) }
    try file.append(UInt8(ascii: "\n"))
  }
}

/// Reads questions one at a time, holding no more than one and a block of the file.
struct QuestionReader {
  private(set) var mayBeMissing = false
  private let file: RegularFile
  private let decoder = JSONDecoder()
  private var position = 0
  private var block: [UInt8] = []
  private var lineNumber = 0

  /// - Throws: `PreparedDataError`.
  init(besides prepared: String) throws {
    do throws(FileError) {
      file = try RegularFile(QuestionFile.path(besides: prepared))
    } catch {
      throw PreparedDataError.unreadable(error)
    }
    guard let head: QuestionFile.Head = try nextLine() else { throw PreparedDataError.empty(path: file.path) }
    guard head.version == QuestionFile.Head.currentVersion else {
      throw PreparedDataError.otherVersion(path: file.path, version: head.version)
    }
    mayBeMissing = head.mayBeMissing
  }

  /// The next question; nil behind the last.
  ///
  /// - Throws: `PreparedDataError`.
  mutating func next() throws -> QuestionRecord? {
    guard let question: QuestionRecord = try nextLine() else { return nil }
    guard question.isValid else { throw malformed("offsets outside the paragraph") }
    return question
  }

  func malformed(_ reason: String) -> PreparedDataError {
    .malformed(path: file.path, reason: "line \(lineNumber): \(reason)")
  }

  private mutating func nextLine<Value: Decodable>() throws -> Value? {
    var end = block.firstIndex(of: UInt8(ascii: "\n"))
    while end == nil, position < file.byteCount {
      let start = block.count
      let count = min(1 << 16, file.byteCount - position)
      block += repeatElement(0, count: count)
      do {
        try block.withUnsafeMutableBytes { try file.read(at: position, into: .init(rebasing: $0[start...])) }
      } catch let error as FileError {
        throw PreparedDataError.unreadable(error)
      }
      position += count
      end = block[start...].firstIndex(of: UInt8(ascii: "\n"))
    }
    lineNumber += 1
    guard let end else {
      if block.isEmpty { return nil }
      throw malformed("it ends within a line")
    }
    defer { block.removeFirst(end + 1) }
    do {
      return try decoder.decode(Value.self, from: Data(block[..<end]))
    } catch {
      throw malformed("not a question as this program writes them")
    }
  }
}
