import Foundation

/// A directory that is removed with its owner.
public final class TemporaryDirectory {
  public let url: URL

  public init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "permafrost-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  public func callAsFunction(_ path: String) -> URL { url.appending(path: path) }

  public func write(_ bytes: [UInt8], to path: String) throws -> URL {
    let file = self(path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file
  }

  public func write(_ text: String, to path: String) throws -> URL { try write(Array(text.utf8), to: path) }

  /// All names below, sorted.
  public var names: [String] {
    (FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []).sorted()
  }
}

/// Gives `body` a directory of its own, gone afterwards.
public func withTemporaryDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let directory = try TemporaryDirectory()
  return try withExtendedLifetime(directory) { try body(directory.url) }
}
