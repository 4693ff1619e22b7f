import Files
import Foundation

/// One example as its file has it: the texts, the labels still as text, and the line it starts on.
struct Row: Equatable {
  let line: Int
  let text: String
  let pair: String?
  /// One, except where the task lets an example have any number of them.
  let labels: [String]
  /// The labels' column by name, for messages.
  let labelColumn: String
}

/// How a data file separates its values, known by its extension.
enum DataFormat: String {
  /// Tab-separated, one line an example; quotes are ordinary characters, as in GLUE.
  case tsv
  /// Comma-separated with quotes (RFC 4180), read by SwiftCSV.
  case csv
  /// One JSON object a line.
  case jsonl
  /// TREC's `COARSE:fine text`, one line an example, in Latin-1.
  case trec = "txt"
  /// SQuAD's articles, paragraphs and questions in one JSON value.
  case squad = "json"

  static let tables: [DataFormat] = [.tsv, .csv, .jsonl]
}

/// Streams the rows of a data file; holds no more than one of them.
struct RowReader {
  let path: String
  let format: DataFormat
  let task: TaskDefinition

  /// Calls `body` for every row in order; blank lines are skipped.
  ///
  /// - Throws: `DatasetError`, and what `body` throws.
  func forEach(_ body: (Row) throws -> Void) throws {
    let file: TextFile
    do {
      file = try TextFile(path)
    } catch {
      throw DatasetError.unreadable(error)
    }
    var isEmpty = true
    func deliver(_ row: Row) throws {
      isEmpty = false
      try body(row)
    }
    switch format {
    case .tsv: try forEachTableRow(of: TSVRecords(file: file), positions: task.headerlessPositions, deliver)
    case .csv: try forEachTableRow(of: CSVRecords(file: file), positions: nil, deliver)
    case .jsonl: try forEachObject(of: file, deliver)
    case .trec: try forEachTableRow(of: TRECRecords(file: file), positions: task.headerlessPositions, deliver)
    case .squad: break  // Not rows; see SquadFile.
    }
    if isEmpty { throw DatasetError.empty(file: path) }
  }

  // MARK: Tables

  /// Where the columns of a table stand, and what they are called there.
  private struct Layout {
    let text: (index: Int, name: String)
    let pair: (index: Int, name: String)?
    let label: (index: Int, name: String)
  }

  private func forEachTableRow(
    of records: some RecordSource, positions: TaskDefinition.Positions?, _ body: (Row) throws -> Void
  ) throws {
    var layout = positions.map {
      Layout(
        text: ($0.text, "\($0.text + 1) (text)"), pair: nil, label: ($0.label, "\($0.label + 1) (label)"))
    }
    try records.forEach { line, fields in
      guard let layout else {
        layout = try self.layout(header: fields)
        return
      }
      func field(_ column: (index: Int, name: String)) throws -> String {
        guard column.index < fields.count else {
          throw DatasetError.missingField(file: path, line: line, column: column.name)
        }
        return fields[column.index]
      }
      try body(
        Row(
          line: line, text: try field(layout.text), pair: try layout.pair.map(field),
          labels: task.labels(inCell: try field(layout.label)), labelColumn: layout.label.name))
    }
  }

  private func layout(header: [String]) throws -> Layout {
    func find(_ names: [String]) throws -> (index: Int, name: String) {
      for name in names {
        if let index = header.firstIndex(of: name) { return (index, name) }
      }
      throw DatasetError.missingColumn(file: path, wanted: names, found: header)
    }
    return Layout(
      text: try find(task.columns.text),
      pair: task.columns.pair.isEmpty ? nil : try find(task.columns.pair),
      label: try find(task.columns.label))
  }

  // MARK: JSON lines

  private func forEachObject(of file: TextFile, _ body: (Row) throws -> Void) throws {
    for (line, bytes) in file.lines where !bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
      let object: JSONValue
      do {
        object = try JSONValue(parsing: Array(bytes), strings: .texts)
      } catch let error as JSONError {
        if error.reason == .notUTF8 {
          throw DatasetError.invalidEncoding(file: path, line: line, column: error.offset + 1)
        }
        throw DatasetError.malformedJSON(
          file: path, line: line, column: error.offset + 1, reason: "\(error.reason)")
      }
      guard object.members != nil else {
        throw DatasetError.malformedJSON(file: path, line: line, column: 1, reason: "another kind of value")
      }
      func value<Value>(_ names: [String], _ convert: (JSONValue) -> Value?) throws -> (
        value: Value, name: String
      ) {
        for name in names {
          if let value = object[name].flatMap(convert) { return (value, name) }
        }
        throw DatasetError.missingField(file: path, line: line, column: names.joined(separator: " or "))
      }
      let labels = try value(task.columns.label) { task.labels(in: $0) }
      try body(
        Row(
          line: line, text: try value(task.columns.text, \.scalarText).value,
          pair: task.columns.pair.isEmpty ? nil : try value(task.columns.pair, \.scalarText).value,
          labels: labels.value, labelColumn: labels.name))
    }
  }
}

extension TaskDefinition {
  /// The labels that a table's cell holds.
  fileprivate func labels(inCell cell: String) -> [String] {
    guard case .collectedLabels(let separator) = target else { return [cell] }
    if cell.utf8.first == UInt8(ascii: "["),
      let array = try? JSONValue(parsing: Array(cell.utf8), strings: .texts),
      let labels = labels(in: array)
    {
      return labels
    }
    return cell.split(separator: separator).map { $0.trimmingCharacters(in: .whitespaces) }.filter {
      !$0.isEmpty
    }
  }

  /// The labels that a JSON value stands for; nil for a value that cannot be one.
  fileprivate func labels(in value: JSONValue) -> [String]? {
    guard case .collectedLabels = target else { return value.scalarText.map { [$0] } }
    switch value {
    case .null: return []
    case .string(let text): return labels(inCell: text)
    case .array(let elements):
      let labels = elements.compactMap(\.scalarText)
      return labels.count == elements.count ? labels : nil
    case .number, .bool, .object: return value.scalarText.map { [$0] }
    }
  }
}

extension JSONValue {
  /// A string's content, a number as written, `true` or `false`; nil for anything else.
  var scalarText: String? {
    switch self {
    case .string(let text), .number(let text): text
    case .bool(let bool): String(bool)
    case .null, .array, .object: nil
    }
  }
}
