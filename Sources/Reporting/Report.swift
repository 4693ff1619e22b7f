import Foundation
import Planning
import Units

/// What a command found out, for people and for programs.
public protocol Report: Encodable, Sendable {
  /// The answer as text, every line ended.
  func text(_ style: TextStyle) -> String
  /// 0 for yes, 1 where the answer is no.
  var exitStatus: ExitStatus { get }
}

extension Report {
  public var exitStatus: ExitStatus { .success }

  /// One JSON object: keys in snake case and sorted, every line ended.
  public func json() throws -> String { String(decoding: try PlanFile.encode(self), as: UTF8.self) }
}

/// A command that failed, as the JSON object that takes the place of its answer.
public struct FailureReport: Report {
  public let error: String
  public let exitCode: Int32

  public init(error: String, exitCode: Int32) {
    self.error = error
    self.exitCode = exitCode
  }

  public func text(_ style: TextStyle) -> String { "permafrost: error: \(error)\n" }
}
