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
  /// - Throws: `FileError`; ``ExportError/needsFolder(path:files:)`` where several files that refer to each other by name are
  ///   to become one.
  public static func write(_ files: [ExportedFile], to path: String) throws -> [String] {
    let isFile = isOneFile(path, files)
    let folder = isFile ? URL(fileURLWithPath: path).deletingLastPathComponent() : URL(fileURLWithPath: path)
    let stem = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    if isFile, files.dropFirst().contains(where: { !beside.contains($0.name) }) {
      throw ExportError.needsFolder(path: path, files: files.count)
    }
    let names = files.enumerated().map { index, file in
      !isFile ? file.name : index == 0 ? URL(fileURLWithPath: path).lastPathComponent : "\(stem).\(file.name)"
    }
    // A folder that is there takes the files; a file in its place refuses the first of them.
    if !isFile, mkdir(path, 0o777) != 0, errno != EEXIST { throw FileError(.create, path: path) }
    for name in names {
      var isDirectory: ObjCBool = false
      let path = folder.appendingPathComponent(name).path
      if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
        throw FileError(.create, path: path, code: EISDIR)
      }
    }
    let staged = try zip(files, names).map { file, name in
      let staged = try AtomicFile(folder.appendingPathComponent(name))
      try staged.write(file.text)
      return staged
    }
    for file in staged { try file.commit() }
    // As the caller wrote the path, which may be relative.
    let prefix = isFile ? String(path.dropLast(names[0].count)) : path.hasSuffix("/") ? path : path + "/"
    return names.map { prefix + $0 }
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
