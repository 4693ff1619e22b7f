import ArgumentParser
import Files
import Planning
import Reporting

/// Files that a sweep is written to.
struct SweepOutputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Where to write the sweep as JSON, for programs and 'permafrost merge'.", valueName: "file"))
  var out: String?

  @Option(help: ArgumentHelp("Where to write one line a point, as CSV.", valueName: "file"))
  var csv: String?

  @Option(help: ArgumentHelp("Where to draw score against memory and time, as SVG.", valueName: "file"))
  var svg: String?

  var outputs: [CommandOutput?] {
    [
      CommandOutput("-o", out, printing: "'--json'"), CommandOutput("--csv", csv), CommandOutput("--svg", svg),
    ]
  }

  /// - Throws: `FileError`.
  func write(_ sweep: Sweep) throws {
    try Interruption.held {
      if let out { try PlanFile.write(sweep, to: out) }
      if let csv { try AtomicFile.write(SweepCSV.text(sweep), to: csv) }
      if let svg { try AtomicFile.write(SweepPlot(sweep).svg(), to: svg) }
    }
  }
}
