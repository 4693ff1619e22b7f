import Foundation

/// A folder of this process's own that goes, with what is in it, when this does.
public final class TemporaryDirectory: Sendable {
  public let url: URL

  public init() throws {
    let name = "permafrost-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...UInt32.max))"
    url = FileManager.default.temporaryDirectory.appendingPathComponent(name, isDirectory: true)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
