import Foundation
import TestSupport
import Testing
import Units

@testable import Verification

@Suite("finding a Python")
struct PythonInterpreterTests {
  /// A program that answers the question as a Python with these packages missing would.
  private func answering(_ line: String, in directory: URL, name: String = "python3") throws -> String {
    try writeShellScript("echo '\(line)'", named: name, in: directory)
  }

  @Test("is by path, or by name along the search path, and passes over what cannot be run")
  func finding() throws {
    try withTemporaryDirectory { directory in
      let path = try answering(#"{"version": [3, 11, 7], "missing": []}"#, in: directory)
      let none = directory.appendingPathComponent("none")
      try FileManager.default.createDirectory(
        at: none.appendingPathComponent("python3"), withIntermediateDirectories: true)
      #expect(try PythonInterpreter(path, searchPath: "").path == path)
      #expect(try PythonInterpreter("python3", searchPath: "\(none.path):\(directory.path)").path == path)
      for (name, searchPath) in [
        ("python3", none.path), ("python3", ""), ("python4", directory.path), (none.path, directory.path),
      ] {
        #expect(throws: PythonError.notFound(name)) { try PythonInterpreter(name, searchPath: searchPath) }
      }
    }
  }

  @Test(
    "one without a package is refused with the command that installs it, an old one and another program are refused too"
  )
  func refusing() throws {
    try withTemporaryDirectory { directory in
      let cases: [(String, (String) -> PythonError)] = [
        (#"{"version": [3, 11, 7], "missing": ["torch"]}"#, { .missingPackages(path: $0, ["torch"]) }),
        (
          #"{"version": [3, 9, 0], "missing": ["torch", "transformers"]}"#,
          { .missingPackages(path: $0, ["torch", "transformers"]) }
        ),
        (#"{"version": [3, 8, 18], "missing": []}"#, { .tooOld(path: $0, version: "3.8.18") }),
        (#"{"version": [2, 7, 18], "missing": ["torch"]}"#, { .tooOld(path: $0, version: "2.7.18") }),
        ("usage: cat", { .notPython(path: $0, how: "exited with code 0") }),
      ]
      for (index, (line, expected)) in cases.enumerated() {
        let path = try answering(line, in: directory, name: "python\(index)")
        let error = #expect(throws: PythonError.self) { try PythonInterpreter(path) }
        #expect(error == expected(path) && error?.exitStatus == .unavailable)
        #expect(error?.description.contains("\n") == false)
      }
      let path = directory.appendingPathComponent("python0").path
      let error = #expect(throws: PythonError.self) { try PythonInterpreter(path) }
      #expect(error?.description == "\(path) has no torch; install with: \(path) -m pip install torch")
    }
  }
}
