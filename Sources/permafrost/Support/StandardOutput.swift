import Checkpoints
import Files
import Reporting

/// Where answers go.
enum StandardOutput {
  /// - Throws: `FileError`, for instance where a disk is full or the reader is gone.
  static func write(_ text: String) throws {
    Interruption.answerBegins()
    let code = Terminal.standardOutput.write(text)
    if code != 0 { throw FileError(.write, path: "standard output", code: code) }
  }
}
