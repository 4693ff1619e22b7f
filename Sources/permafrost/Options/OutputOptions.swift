import ArgumentParser
import Reporting
import Units

/// How a command answers, the same for all of them.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Answer with one JSON object on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "No progress and no notes on standard error.")
  var quiet = false

  /// Prints the answer, as text or as one JSON object, and ends the command with 1 where it is no.
  ///
  /// - Throws: `FileError` where standard output takes no more; `ExitCode`.
  func print(_ answer: some Report) throws {
    try StandardOutput.write(json ? answer.json() : answer.text(TextStyle(.standardOutput)))
    if answer.exitStatus != .success { throw ExitCode(answer.exitStatus.rawValue) }
  }

  /// Prints what goes with an answer; its JSON object has it already.
  func printBeside(_ report: some Report) throws {
    if !json { try StandardOutput.write(report.text(TextStyle(.standardOutput))) }
  }

  /// Progress of long work, unless it is not wanted.
  ///
  /// - Parameters:
  ///   - start: how much of it was done before the clock starts.
  ///   - delay: work that is done sooner shows nothing.
  func progress(
    total: Int, label: String, from start: Int = 0, delay: Duration = .zero
  ) -> ProgressReporter {
    ProgressReporter(total: total, label: label, from: start, mode: quiet ? .silent : .standard, delay: delay)
  }

  /// One line on standard error that helps to read the answer.
  func note(_ text: String) {
    if !quiet { _ = Terminal.standardError.write("permafrost: \(text)\n") }
  }
}
