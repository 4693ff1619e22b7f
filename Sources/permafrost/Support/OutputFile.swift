import Checkpoints
import Files
import Foundation

/// Where a command is to write a file.
enum OutputFile {
  /// Finds out before the work is done whether its result can be written.
  ///
  /// - Throws: `FileError` where the directory is missing or does not take files, or the path is a directory.
  static func check(_ path: String) throws {
    let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
    if isDirectory(path) { throw FileError(.create, path: path, code: EISDIR) }
    // With the slash, a file in the directory's place is told from one that may not be written.
    if access(directory + "/", W_OK | X_OK) != 0 { throw FileError(.create, path: path) }
  }

  /// As `check`, for a directory that is made where there is none.
  ///
  /// - Throws: `FileError`.
  static func checkDirectory(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return try check(path) }
    if !isDirectory(path) { throw FileError(.create, path: path, code: ENOTDIR) }
    if access(path, W_OK | X_OK) != 0 { throw FileError(.create, path: path) }
  }

  /// Writes a text; the file is whole or absent.
  ///
  /// - Throws: `FileError`.
  static func write(_ text: String, to path: String) throws {
    let file = try AtomicFile(URL(fileURLWithPath: path))
    try file.write(text)
    try file.commit()
  }

  private static func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}
