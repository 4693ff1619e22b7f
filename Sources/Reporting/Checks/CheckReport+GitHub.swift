import Foundation
import Units

/// Checked plans for the log of a GitHub workflow: annotations, then the answer.
public struct GitHubCheckReport: Report {
  private let report: CheckReport

  public init(_ report: CheckReport) { self.report = report }

  public var exitStatus: ExitStatus { report.exitStatus }

  public func encode(to encoder: any Encoder) throws { try report.encode(to: encoder) }

  /// The answer stands between the commands that stop workflow commands and start them again, so that a plan whose name
  /// looks like a command is only shown.
  public func text(_ style: TextStyle) -> String {
    let token = UUID().uuidString
    return "\(report.gitHubAnnotations)::stop-commands::\(token)\n\(report.text(style))::\(token)::\n"
  }
}

extension CheckReport {
  /// The failed checks as GitHub's workflow commands, which it shows beside the plan's file: a line each.
  public var gitHubAnnotations: String {
    plans.flatMap { plan in
      plan.failures.map { check in
        let file = Self.property(Self.path(plan.plan))
        return "::error file=\(file),line=\(check.line),title=\(Self.property("permafrost: \(check.title)"))"
          + "::\(Self.message(check.detail))\n"
      }
    }.joined()
  }

  /// The escapes of a command's message, as GitHub's `@actions/core` writes them.
  static func message(_ text: String) -> String {
    replacing(text, ["%": "%25", "\r": "%0D", "\n": "%0A"])
  }

  /// The escapes of a command's property: those of a message, and of what ends a property.
  static func property(_ text: String) -> String {
    replacing(text, ["%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"])
  }

  private static func replacing(_ text: String, _ escapes: [Unicode.Scalar: String]) -> String {
    text.unicodeScalars.map { escapes[$0] ?? String($0) }.joined()
  }
}
