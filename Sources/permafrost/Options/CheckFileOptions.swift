import ArgumentParser
import Files
import Reporting

/// The forms in which a pipeline wants the answer.
struct CheckFileOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Where to write the checks as JUnit's XML.", valueName: "file"))
  var junit: String?

  @Option(help: ArgumentHelp("Where to write what failed as SARIF 2.1.0.", valueName: "file"))
  var sarif: String?

  @Option(help: ArgumentHelp("Where to write one page of Markdown.", valueName: "file"))
  var summary: String?

  @Option(help: ArgumentHelp("Print what failed as annotations: github.", valueName: "service"))
  var annotate: AnnotationService?

  var outputs: [CommandOutput?] {
    [CommandOutput("--junit", junit), CommandOutput("--sarif", sarif), CommandOutput("--summary", summary)]
  }

  /// - Throws: `FileError`.
  func write(_ report: CheckReport) throws {
    if let junit { try AtomicFile.write(report.junit, to: junit) }
    if let sarif {
      try AtomicFile.write(report.sarif(version: Permafrost.configuration.version), to: sarif)
    }
    if let summary { try AtomicFile.write(report.markdown, to: summary) }
  }
}

/// Services that show annotations found in a job's log.
enum AnnotationService: String, CaseIterable, ExpressibleByArgument { case github }
