import Foundation

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
}
