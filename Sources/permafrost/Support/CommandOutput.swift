import Files
import Foundation
import Units

/// Something that a command is told to write.
struct CommandOutput {
  enum Kind {
    case file
    /// A folder that files are put into; it is made where there is none.
    case folder
    /// A folder that is written beside and renamed, so that nothing in it stays.
    case replacedFolder
  }

  let option: String
  let path: String
  let kind: Kind
  /// What prints the same instead, as an advice: "'--json'"; nil where nothing does.
  let printing: String?

  /// - Returns: nil where the option was not given.
  init?(_ option: String, _ path: String?, _ kind: Kind = .file, printing: String? = nil) {
    guard let path else { return nil }
    (self.option, self.path, self.kind, self.printing) = (option, path, kind, printing)
  }

  /// As the command line has it, for errors.
  var words: String { "'\(option) \(path)'" }

  /// Finds out whether something can be written there.
  ///
  /// - Parameter folders: that the command makes first, links followed.
  /// - Throws: `FileError`, `OutputError`.
  func checkPlace(within folders: [String]) throws {
    let status = try FileStatus(path, for: .create)
    switch (status?.kind, kind) {
    case (.directory, .folder): return try checkDirectory(path)
    case (nil, _), (.regular, .file), (.directory, .replacedFolder): break
    case (.directory, .file): throw FileError(.create, path: path, code: EISDIR)
    case (.special, .file): throw OutputError.notAFile(path: path, printing: printing)
    case (_, .folder), (_, .replacedFolder): throw FileError(.create, path: path, code: ENOTDIR)
    }
    let parent = splitPath(resolvedPath(path)).folder
    if !folders.contains(parent) { try checkDirectory(parent) }
    if kind == .replacedFolder, let status,
      try FileStatus(parent, for: .create)?.device != status.device
    {
      throw OutputError.mountPoint(path: path)
    }
  }

  private func checkDirectory(_ directory: String) throws {
    // With the slash, a file in the directory's place is told from one that may not be written.
    if access(directory + "/", W_OK | X_OK) != 0 { throw FileError(.create, path: path) }
  }
}

/// Why a command cannot write where it is told to, beyond what the system says.
enum OutputError: UserFacingError, Equatable {
  /// A pipe, a socket or a device, in whose place a file would appear.
  case notAFile(path: String, printing: String?)
  /// A folder that cannot be renamed, as a container's volume.
  case mountPoint(path: String)

  var exitStatus: ExitStatus { .unavailable }

  var description: String {
    switch self {
    case .notAFile(let path, let printing):
      "\(path): neither a file nor a folder, so nothing can be put in its place; give the name of a file"
        + (printing.map { ", or \($0) to have it on standard output" } ?? "")
    case .mountPoint(let path):
      "\(path): a file system is mounted there, so it cannot be replaced by another folder; give a folder within it"
    }
  }
}
