import Foundation

@testable import Tasks

/// A file or directory among the test fixtures.
func fixture(_ path: String) throws -> URL {
  guard let root = Bundle.module.resourceURL else { throw CocoaError(.fileNoSuchFile) }
  return root.appendingPathComponent("Fixtures").appendingPathComponent(path)
}

/// Runs `body` in a directory of its own that holds these files.
func withDirectory<Value>(_ files: [String: String] = [:], _ body: (URL) throws -> Value) throws -> Value {
  try withDirectory(bytes: files.mapValues { Data($0.utf8) }, body)
}

func withDirectory<Value>(bytes files: [String: Data], _ body: (URL) throws -> Value) throws -> Value {
  let directory = FileManager.default.temporaryDirectory
    .appendingPathComponent("permafrost-tasks-\(UInt64.random(in: 0 ... .max))")
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  for (name, content) in files {
    try content.write(to: directory.appendingPathComponent(name))
  }
  return try body(directory)
}
