import Foundation
import TestSupport
import Testing

@Suite("export")
struct ExportTests {
  private func inPlannedDirectory(_ body: (URL) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      _ = try CommandLineProgram.run(smallPlan + ["-o", "p.json"], in: directory)
      try body(directory)
    }
  }

  private func export(_ arguments: String..., in directory: URL) throws -> Run {
    try CommandLineProgram.run(["export"] + arguments, in: directory)
  }

  @Test("a plan becomes a Python module, the same each time")
  func module() throws {
    try inPlannedDirectory { directory in
      let run = try export("p.json", "--to", "pytorch", "-o", "plan.py", "--json", in: directory)
      #expect(run.exitCode == 0 && run.standardError.isEmpty)
      let object = try run.object()
      #expect(object["target"] as? String == "pytorch" && object["file"] as? String == "plan.py")
      let module = try String(contentsOf: directory.appending(path: "plan.py"), encoding: .utf8)
      #expect(module.hasPrefix("# Made by \"permafrost "))
      let count = try #require(object["trainable_parameters"] as? Int)
      #expect(module.contains("\"trainable_parameters\": \(count),"))
      let again = try export("p.json", "--to", "pytorch", "-o", "plan.py", in: directory)
      #expect(again.standardOutput.hasPrefix("plan.py: trains "))
      #expect(try String(contentsOf: directory.appending(path: "plan.py"), encoding: .utf8) == module)
    }
  }

  @Test("an unknown trainer is answered with the known ones, before anything is read")
  func target() throws {
    let run = try CommandLineProgram.run("export", "missing.json", "--to", "onnx", "-o", "plan.py")
    #expect(run.exitCode == 64 && run.standardOutput.isEmpty)
    #expect(run.standardError == "permafrost: error: cannot export to 'onnx'; use --to with one of: pytorch\n")
  }

  @Test("a missing plan, a file that is none, and a place that takes no file are told apart")
  func files() throws {
    try inPlannedDirectory { directory in
      #expect(try export("q.json", "--to", "pytorch", "-o", "plan.py", in: directory).exitCode == 66)
      try Data("{}".utf8).write(to: directory.appending(path: "q.json"))
      #expect(try export("q.json", "--to", "pytorch", "-o", "plan.py", in: directory).exitCode == 65)
      let run = try export("p.json", "--to", "pytorch", "-o", "missing/plan.py", in: directory)
      #expect(run.exitCode == 69 && run.errorLines.count == 1)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["p.json", "q.json"])
    }
  }
}
