import ArgumentParser
import Files
import Foundation

/// What a command reads and what it writes, compared before any work is done.
///
/// An hour of training is not to end at a path that takes no file, and a slip in a path is not to cost the model or the plan.
struct CommandFiles {
  private let inputs: [CommandInput]
  private let outputs: [(output: CommandOutput, place: String)]

  /// - Parameters:
  ///   - inputs: nil for those that were not given, as in `outputs`.
  init(reads inputs: [CommandInput?] = [], writes outputs: [CommandOutput?]) {
    self.inputs = inputs.compactMap(\.self)
    self.outputs = outputs.compactMap(\.self).map { ($0, resolvedPath($0.path)) }
  }

  /// - Throws: `ValidationError` where an output would replace an input or another output; `FileError` and `OutputError` where one cannot
  ///   be written.
  func check() throws {
    for (output, _) in outputs where output.path.isEmpty { throw FileError(.create, path: "", code: ENOENT) }
    for (index, (output, place)) in outputs.enumerated() {
      try checkInputs(output, place)
      for other in outputs[..<index] { try check(output, place, beside: other) }
    }
    let folders = outputs.filter { $0.output.kind == .folder }.map(\.place)
    for (output, place) in outputs { try output.checkPlace(within: folders.filter { $0 != place }) }
  }

  private func checkInputs(_ output: CommandOutput, _ place: String) throws {
    let replaced = inputs.first { input in
      switch output.kind {
      case .file: input.paths.contains(place)
      case .folder: false
      case .replacedFolder: input.paths.contains { isWithin(place, $0) }
      }
    }
    guard let replaced else { return }
    throw ValidationError(
      "\(output.words) would replace \(replaced.what), which is read; give the output a path of its own")
  }

  private func check(
    _ output: CommandOutput, _ place: String, beside other: (output: CommandOutput, place: String)
  ) throws {
    let clash =
      place == other.place || other.output.kind == .replacedFolder && isWithin(other.place, place)
      || output.kind == .replacedFolder && isWithin(place, other.place)
    guard clash else { return }
    throw ValidationError(
      place == other.place
        ? "'\(output.path)' is to be two outputs at once, of '\(other.output.option)' and of '\(output.option)'; "
          + "give each a path of its own"
        : "\(output.words) and \(other.output.words): one lies within the other, which is replaced whole; "
          + "give each a path of its own")
  }

  private func isWithin(_ folder: String, _ path: String) -> Bool {
    path == folder || path.hasPrefix(folder == "/" ? "/" : folder + "/")
  }
}
