import Checkpoints
import Devices
import Files
import Tasks

/// Something that a command reads, and that nothing it writes may replace.
struct CommandInput {
  /// As a part of a sentence: "the scores of '--scores'".
  let what: String
  /// Files, and the folders that hold them; links followed.
  let paths: [String]

  private init?(_ what: String, _ paths: [String]) {
    if paths.isEmpty { return nil }
    (self.what, self.paths) = (what, paths.map(resolvedPath))
  }

  /// - Returns: nil where there is none, as of what follows.
  static func file(_ what: String, _ path: String?) -> CommandInput? {
    path.flatMap { $0.isEmpty ? nil : CommandInput(what, [$0]) }
  }

  static func model(_ name: String?) -> CommandInput? {
    name.flatMap { CommandInput("the model", ModelSource.paths(of: $0)) }
  }

  static func data(_ folder: String?) -> CommandInput? {
    folder.flatMap { $0.isEmpty ? nil : CommandInput("the data", Dataset.paths(in: $0)) }
  }

  static func device(_ name: String?) -> CommandInput? {
    name.flatMap { DeviceCatalogue.isPath($0) ? CommandInput("the profile of '--device'", [$0]) : nil }
  }
}
