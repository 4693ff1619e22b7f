import Foundation

/// One file of an export.
public struct ExportedFile: Hashable, Sendable {
  /// Inside the export's folder; the same for every plan.
  public let name: String
  public let text: String
}

/// Writing what was exported; written beside and renamed, so a file is whole or absent.
public enum ExportFile {
  /// - Throws: ``ExportError/unwritable(path:reason:)``.
  public static func write(_ text: String, to path: String) throws(ExportError) {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .unwritable(path: path, reason: (error as NSError).localizedDescription)
    }
  }

  /// Writes all files or none: into a folder, or, where the path has the main file's extension, as that file with the
  /// others beside it.
  ///
  /// - Returns: the paths written, in the files' order.
  /// - Throws: ``ExportError/unwritable(path:reason:)``; ``ExportError/needsFolder(path:files:)`` where several files
  ///   that refer to each other by name are to become one.
  public static func write(_ files: [ExportedFile], to path: String) throws(ExportError) -> [String] {
    let isFile = isOneFile(path, files)
    let folder = isFile ? URL(fileURLWithPath: path).deletingLastPathComponent() : URL(fileURLWithPath: path)
    let stem = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    if isFile, files.dropFirst().contains(where: { !beside.contains($0.name) }) {
      throw .needsFolder(path: path, files: files.count)
    }
    let names = files.enumerated().map { index, file in
      !isFile ? file.name : index == 0 ? URL(fileURLWithPath: path).lastPathComponent : "\(stem).\(file.name)"
    }
    let manager = FileManager.default
    do {
      if !isFile { try manager.createDirectory(at: folder, withIntermediateDirectories: false) }
    } catch CocoaError.fileWriteFileExists {
      // A folder that is there takes the files; a file in its place refuses the first of them.
    } catch {
      throw .unwritable(path: path, reason: (error as NSError).localizedDescription)
    }
    for name in names {
      var isDirectory: ObjCBool = false
      let path = folder.appendingPathComponent(name).path
      if manager.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
        throw .unwritable(path: path, reason: String(cString: strerror(EISDIR)))
      }
    }
    var staged: [(from: URL, to: URL)] = []
    defer { for file in staged { try? manager.removeItem(at: file.from) } }
    for (file, name) in zip(files, names) {
      let temporary = folder.appendingPathComponent(".\(name).\(ProcessInfo.processInfo.processIdentifier)")
      staged.append((temporary, folder.appendingPathComponent(name)))
      try write(file.text, to: temporary.path)
    }
    for file in staged where rename(file.from.path, file.to.path) != 0 {
      throw .unwritable(path: file.to.path, reason: String(cString: strerror(errno)))
    }
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
