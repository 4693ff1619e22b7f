import Foundation
import TestSupport
import Testing

/// One run of the real program.
struct Run {
  let standardOutput: String
  let standardError: String
  let exitCode: Int32
  /// Whether it ended by itself rather than by a signal.
  let hasExited: Bool

  var errorLines: [Substring] { standardError.split(separator: "\n") }

  /// The one JSON object that standard output has to be.
  func object() throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(standardOutput.utf8))
    return try #require(value as? [String: Any])
  }
}

/// The program beside the tests' own executable, run as a user would.
enum CommandLineProgram {
  static let url = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appendingPathComponent("permafrost")

  /// An environment without caches or terminals, so that runs are alike everywhere.
  static let environment = [
    "HF_HOME": "/nonexistent", "HOME": "/nonexistent", "COLUMNS": "80",
    "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
    "LD_LIBRARY_PATH": ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "",
  ]

  /// - Parameters:
  ///   - directory: where it runs.
  ///   - variables: of its environment, beside and in place of those above.
  ///   - output: a file for standard output in place of the one that is read back.
  ///   - onStart: called when the process runs.
  static func run(
    _ arguments: [String], in directory: URL = FileManager.default.temporaryDirectory,
    with variables: [String: String] = [:], output: String? = nil,
    onStart: (Process) throws -> Void = { _ in }
  ) throws -> Run {
    try withTemporaryDirectory { scratch in
      // Files, not pipes: nothing has to be read while it runs.
      let files = [
        output.map { URL(fileURLWithPath: $0) } ?? scratch.appending(path: "out"),
        scratch.appending(path: "err"),
      ]
      let handles = try files.map { file in
        if output == nil || file != files[0] { try Data().write(to: file) }
        return try FileHandle(forWritingTo: file)
      }
      let process = Process()
      process.executableURL = url
      process.arguments = arguments
      process.environment = environment.merging(variables) { $1 }
      process.currentDirectoryURL = directory
      process.standardInput = FileHandle.nullDevice
      (process.standardOutput, process.standardError) = (handles[0], handles[1])
      try process.run()
      try onStart(process)
      process.waitUntilExit()
      return Run(
        standardOutput: output == nil ? try String(contentsOf: files[0], encoding: .utf8) : "",
        standardError: try String(contentsOf: files[1], encoding: .utf8), exitCode: process.terminationStatus,
        hasExited: process.terminationReason == .exit)
    }
  }

  static func run(_ arguments: String...) throws -> Run { try run(arguments) }
}

/// Names of everything in a directory, hidden files too.
func contents(of directory: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
}

/// Arguments of a small plan that is found at once, without a word on the way, and whose own share of memory does not vary.
let smallPlan = [
  "plan", "bert-mini", "--budget", "100MiB", "--batch", "4", "--seq", "32", "--threads", "2", "--runtime",
  "25MiB", "--saving", "keep", "--quiet",
]
