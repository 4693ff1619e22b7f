import Files
import Units

/// What is wrong with a data set, and where: the file, and the line (counted from 1) and column where they apply.
public enum DatasetError: UserFacingError, Equatable {
  case missingFolder(String)
  /// A file, or something else, in the place of the folder.
  case notAFolder(String)
  /// The directory holds none of the files that a split may be in.
  case missingFile(directory: String, split: String, expected: [String])
  case unreadable(FileError)
  /// The header has none of the names that a column may have.
  case missingColumn(file: String, wanted: [String], found: [String])
  /// A line ends before the column, or a JSON object has no such member or one that is not a single value.
  case missingField(file: String, line: Int, column: String)
  /// No examples.
  case empty(file: String)
  case unparseableNumber(file: String, line: Int, column: String, text: String)
  case malformedJSON(file: String, line: Int, column: Int, reason: String)
  case malformedCSV(file: String, line: Int, reason: String)
  case unknownLabel(file: String, line: Int, label: String, known: [String])
  /// A training file whose labels are all the same teaches nothing.
  case singleLabel(file: String, label: String)
  /// A training file without a single label.
  case noLabels(file: String)
  /// A question, named by its id or by its place, that is not as SQuAD's are.
  case malformedQuestion(file: String, question: String, reason: String)
  /// Bytes that are not UTF-8; the column counts bytes from 1.
  case invalidEncoding(file: String, line: Int, column: Int)
  case unknownTask(String, known: [String])

  public var exitStatus: ExitStatus {
    switch self {
    case .missingFolder, .notAFolder, .missingFile: .missingInput
    case .unreadable(let error): error.exitStatus
    case .unknownTask: .usage
    default: .malformedInput
    }
  }

  public var description: String {
    switch self {
    case .missingFolder(""): "an empty path names no data; \(Self.wanted)"
    case .missingFolder(let directory): "\(directory): no such folder; \(Self.wanted)"
    case .notAFolder(let path): "\(path): not a folder; \(Self.wanted)"
    case .missingFile(let directory, let split, let expected):
      "no \(split) data in \(directory); put one of \(expected.joined(separator: ", ")) there"
    case .unreadable(let error): error.description
    case .missingColumn(let file, let wanted, let found):
      "\(file):1: no column \(wanted.joined(separator: " or ")) among \(found.joined(separator: ", ")); "
        + "name the right one"
    case .missingField(let file, let line, let column):
      "\(file):\(line): no value for column \(column); complete the line or remove it"
    case .empty(let file): "\(file): no examples; at least one is needed"
    case .unparseableNumber(let file, let line, let column, let text):
      "\(file):\(line): column \(column) holds \(quoted(text)), which is not a finite number"
    case .malformedJSON(let file, let line, let column, let reason):
      "\(file):\(line):\(column): not a JSON object: \(reason); write one object a line"
    case .malformedCSV(let file, let line, let reason):
      "\(file):\(line): malformed CSV: \(reason); quote the field and double the quotes inside it"
    case .unknownLabel(let file, let line, let label, let known):
      "\(file):\(line): unknown label \(quoted(label)); known are "
        + known.prefix(20).joined(separator: ", ") + (known.count > 20 ? ", …" : "")
    case .singleLabel(let file, let label):
      "\(file): every example has the label \(quoted(label)); classification needs at least two"
    case .noLabels(let file): "\(file): no example has a label; fill the label column"
    case .malformedQuestion(let file, let question, let reason): "\(file): \(question): \(reason)"
    case .invalidEncoding(let file, let line, let column):
      "\(file):\(line):\(column): not UTF-8; convert the file to UTF-8"
    case .unknownTask(let name, let known):
      "unknown task \(quoted(name)); choose one of \(known.joined(separator: ", "))"
    }
  }

  private static let wanted = "give the folder that holds the train and dev files"

  /// Text from a file, made fit for one line of a message.
  private func quoted(_ text: String) -> String {
    let shown = text.count > 40 ? text.prefix(40) + "…" : Substring(text)
    return "\"" + shown.map { $0.isNewline ? " " : String($0) }.joined() + "\""
  }
}
