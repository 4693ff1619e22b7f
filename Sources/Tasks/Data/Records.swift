import Files
import SwiftCSV

/// A table's records in order, each with the number of the line that it starts on.
protocol RecordSource {
  func forEach(_ body: (_ line: Int, _ fields: [String]) throws -> Void) throws
}

/// Lines cut at tabs; nothing is quoted or escaped.
struct TSVRecords: RecordSource {
  let file: TextFile

  func forEach(_ body: (_ line: Int, _ fields: [String]) throws -> Void) throws {
    for (line, bytes) in file.lines where !bytes.isEmpty {
      try validateUTF8(bytes, file: file.path, line: line)
      let fields = bytes.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
      try body(line, fields.map { String(decoding: $0, as: UTF8.self) })
    }
  }
}

/// Comma-separated records, whose quoted fields may hold commas, doubled quotes and line breaks.
///
/// A record ends at the first line end with an even number of quotes before it; so each one can be given to
/// SwiftCSV by itself, the file is never held as a whole, and every error has its line.
struct CSVRecords: RecordSource {
  let file: TextFile

  func forEach(_ body: (_ line: Int, _ fields: [String]) throws -> Void) throws {
    var open: (line: Int, start: Int)?
    for (line, bytes) in file.lines where open != nil || !bytes.isEmpty {
      try validateUTF8(bytes, file: file.path, line: line)
      let record = open ?? (line, bytes.startIndex)
      let hasOddQuotes = bytes.reduce(false) { $1 == UInt8(ascii: "\"") ? !$0 : $0 }
      guard (open != nil) == hasOddQuotes else {
        open = record
        continue
      }
      open = nil
      try body(record.line, fields(of: file.bytes[record.start..<bytes.endIndex], line: record.line))
    }
    if let open {
      throw DatasetError.malformedCSV(file: file.path, line: open.line, reason: "a quote is never closed")
    }
  }

  private func fields(of record: Slice<UnsafeRawBufferPointer>, line: Int) throws -> [String] {
    do {
      // Without a line end SwiftCSV drops an empty last field.
      let text = String(decoding: record, as: UTF8.self) + "\n"
      let table = try CSV<Enumerated>(string: text, delimiter: .comma, loadColumns: false)
      guard table.rows.isEmpty else { throw CSVParseError.generic(message: "a line break outside quotes") }
      return table.header
    } catch CSVParseError.generic(let reason), CSVParseError.quotation(let reason) {
      throw DatasetError.malformedCSV(file: file.path, line: line, reason: reason)
    }
  }
}

/// Lines of `COARSE:fine text` in Latin-1, as TREC's questions are distributed: the coarse class and the text.
struct TRECRecords: RecordSource {
  let file: TextFile

  func forEach(_ body: (_ line: Int, _ fields: [String]) throws -> Void) throws {
    for (line, bytes) in file.lines where !bytes.isEmpty {
      // A byte of Latin-1 is the scalar of the same number.
      let text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
      guard let space = text.firstIndex(of: " "), let colon = text[..<space].firstIndex(of: ":") else {
        throw DatasetError.missingField(
          file: file.path, line: line, column: "COARSE:fine, a space and the text")
      }
      try body(line, [String(text[..<colon]), String(text[text.index(after: space)...])])
    }
  }
}

/// Makes sure that a line is UTF-8.
///
/// - Throws: `DatasetError.invalidEncoding` with the first byte that is not.
func validateUTF8(_ bytes: Slice<UnsafeRawBufferPointer>, file: String, line: Int) throws {
  guard let offset = offsetOfInvalidUTF8(UnsafeRawBufferPointer(rebasing: bytes)) else { return }
  throw DatasetError.invalidEncoding(file: file, line: line, column: offset + 1)
}
