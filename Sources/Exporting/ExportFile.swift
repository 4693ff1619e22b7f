import Files
import Foundation

/// One file of an export.
public struct ExportedFile: Hashable, Sendable {
  /// Inside the export's folder; the same for every plan.
  public let name: String
  public let text: String
}

/// Writing what was exported.
public enum ExportFile {
  /// Writes all files or none: into a folder, or, where the path has the main file's extension, as that file with the
  /// others beside it.
  ///
  /// - Returns: the paths written, in the files' order.
  /// - Throws: `FileError`, and what ``paths(of:at:)`` does.
  public static func write(_ files: [ExportedFile], to path: String) throws -> [String] {
    let paths = try paths(of: files, at: path)
    if !isOneFile(path, files) { try makeDirectory(path) }
    let staged = try zip(files, paths).map { file, path in
      let staged = try AtomicFile(path)
      try staged.write(file.text)
      return staged
    }
    for file in staged { try file.commit() }
    return paths
  }

  /// Where ``write(_:to:)`` puts the files, written as the caller writes the path, which may be relative.
  ///
  /// - Throws: ``ExportError/needsFolder(path:files:)`` where several files that refer to each other by name are to become one.
  public static func paths(of files: [ExportedFile], at path: String) throws -> [String] {
    guard isOneFile(path, files) else {
      return files.map { (path.hasSuffix("/") ? path : path + "/") + $0.name }
    }
    if files.dropFirst().contains(where: { !beside.contains($0.name) }) {
      throw ExportError.needsFolder(path: path, files: files.count)
    }
    let ending = URL(fileURLWithPath: path).pathExtension
    let stem = String(path.dropLast(ending.isEmpty ? 0 : ending.count + 1))
    return [path] + files.dropFirst().map { "\(stem).\($0.name)" }
  }

  /// Whether a path names the main file rather than a folder.
  private static func isOneFile(_ path: String, _ files: [ExportedFile]) -> Bool {
    guard let main = files.first, !path.hasSuffix("/") else { return false }
    let wanted = URL(fileURLWithPath: main.name).pathExtension
    return URL(fileURLWithPath: path).pathExtension == wanted
  }

  /// What stands beside a single file, its name in front.
  private static let beside: Set<String> = [Manifest.fileName, CheckScript.fileName, Export.planFileName]
}
