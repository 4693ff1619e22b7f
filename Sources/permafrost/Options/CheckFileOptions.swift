import ArgumentParser
import Foundation
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

  private var paths: [String] { [junit, sarif, summary].compactMap { $0 } }

  /// - Throws: `ValidationError` where one file is to be two things.
  func validate(besides plans: [String]) throws {
    func whole(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
    var taken = Set(plans.map(whole))
    for path in paths where !taken.insert(whole(path)).inserted {
      throw ValidationError("'\(path)' is to be two files at once; give each output a path of its own")
    }
  }

  /// Finds out before the work is done whether everything can be written.
  ///
  /// - Throws: `FileError`.
  func check() throws {
    for path in paths { try OutputFile.check(path) }
  }

  /// - Throws: `FileError`.
  func write(_ report: CheckReport) throws {
    if let junit { try OutputFile.write(report.junit, to: junit) }
    if let sarif {
      try OutputFile.write(report.sarif(version: Permafrost.configuration.version), to: sarif)
    }
    if let summary { try OutputFile.write(report.markdown, to: summary) }
  }
}

/// Services that show annotations found in a job's log.
enum AnnotationService: String, CaseIterable, ExpressibleByArgument { case github }
