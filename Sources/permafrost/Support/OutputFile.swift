import Checkpoints
import Foundation

/// Where a command is to write a file.
enum OutputFile {
  /// Finds out before the work is done whether its result can be written.
  ///
  /// - Throws: `FileError` where the directory is missing or does not take files, or the path is a directory.
  static func check(_ path: String) throws {
    let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
      throw FileError(.create, path: path, code: EISDIR)
    }
    if access(directory, W_OK | X_OK) != 0 { throw FileError(.create, path: path) }
  }

  /// Writes a text beside its place and renames it, so that the file is whole or absent.
  ///
  /// - Throws: `FileError`.
  static func write(_ text: String, to path: String) throws {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      let code = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.code
      throw FileError(.write, path: path, code: code.map(Int32.init) ?? EIO)
    }
  }
}
