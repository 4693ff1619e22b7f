import ArgumentParser
import Foundation
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

  func validate() throws {
    let paths = [out, csv, svg].compactMap { $0.map { URL(fileURLWithPath: $0).standardizedFileURL.path } }
    if Set(paths).count < paths.count {
      throw ValidationError("'--out', '--csv' and '--svg' are to be different files")
    }
  }

  /// Finds out before the work is done whether its results can be written.
  ///
  /// - Throws: `FileError`.
  func check() throws {
    for path in [out, csv, svg].compactMap(\.self) { try OutputFile.check(path) }
  }

  /// - Throws: `PlanError`, `FileError`.
  func write(_ sweep: Sweep) throws {
    try Interruption.held {
      if let out { try PlanFile.write(sweep, to: out) }
      if let csv { try OutputFile.write(SweepCSV.text(sweep), to: csv) }
      if let svg { try OutputFile.write(SweepPlot(sweep).svg(), to: svg) }
    }
  }
}
