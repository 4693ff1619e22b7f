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
    #expect(
      run.standardError.hasPrefix("permafrost: error: cannot export to 'onnx'; use one of: pytorch, ")
    )
    #expect(run.errorLines.count == 1)
  }

  @Test("a missing plan, a file that is none, and a place that takes no file are told apart")
  func files() throws {
    try inPlannedDirectory { directory in
      #expect(try export("q.json", "--to", "pytorch", "-o", "plan.py", in: directory).exitCode == 66)
      try Data("{}".utf8).write(to: directory.appending(path: "q.json"))
      #expect(try export("q.json", "--to", "pytorch", "-o", "plan.py", in: directory).exitCode == 65)
      let run = try export("p.json", "--to", "pytorch", "-o", "missing/plan.py", in: directory)
      #expect(run.exitCode == 69 && run.errorLines.count == 1)
      for (place, words) in [("q.json", "q.json: "), ("q.json/plan.py", "q.json/plan.py: ")] {
        let run = try export("p.json", "--to", "pytorch", "-o", place, in: directory)
        #expect(run.exitCode == 69 && run.errorLines.count == 1, "\(run.standardError)")
        #expect(
          run.standardError.contains(words) && run.standardError.hasSuffix("Not a directory\n"),
          "\(run.standardError)")
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["p.json", "q.json"])
    }
  }

  @Test(
    "what a plan says wrongly is malformed input, said in one line with its file's name, and nothing is written"
  )
  func malformed() throws {
    try inPlannedDirectory { directory in
      let url = directory.appending(path: "p.json")
      let sound = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
      let changes: [(key: String, value: Any, words: String)] = [
        (
          "trainable", ["encoder.layer.0.no.such"],
          "'encoder.layer.0.no.such', which this model does not have; make"
        ),
        ("trainable_parameters", 1, "the plan says that 1 parameters train"),
        ("retained_nodes", [1], "lists 1 layers"),
        ("target", "keros", "cannot export to 'keros'; use one of: pytorch, "), ("schema", 99, "schema 99"),
      ]
      for (key, value, words) in changes {
        try JSONSerialization.data(withJSONObject: sound.merging([key: value]) { $1 }).write(to: url)
        let run = try CommandLineProgram.run(
          ["export", "p.json", "-o", "out"] + (key == "target" ? [] : ["--to", "pytorch"]), in: directory)
        #expect(run.exitCode == 65 && run.errorLines.count == 1, "\(key): \(run.standardError)")
        #expect(run.standardError.hasPrefix("permafrost: error: p.json: "), "\(run.standardError)")
        #expect(run.standardError.contains(words), "\(run.standardError)")
      }
      #expect(try contents(of: directory) == ["p.json"])
    }
  }

  @Test("a plan that the trainer cannot carry out is answered with the difference, and nothing is written")
  func inexpressible() throws {
    try withTemporaryDirectory { directory in
      let estimate = [
        "estimate", "bert-mini", "--train", "bitfit", "--batch", "4", "--seq", "32", "--threads", "2",
        "--runtime",
        "25MiB", "-o", "p.json",
      ]
      _ = try CommandLineProgram.run(estimate, in: directory)
      let run = try export("p.json", "--to", "keras", "-o", "out", "--json", in: directory)
      #expect(run.exitCode == 1 && run.standardError.isEmpty)
      let object = try run.object()
      #expect(object["exact"] as? Bool == false)
      let differences = try #require(object["differences"] as? [[String: Any]])
      #expect(
        differences.contains { $0["name"] as? String == "embeddings_layer_norm/embeddings.LayerNorm.bias" })
      let nearest = try #require(object["nearest"] as? [String: Any])
      #expect(nearest["direction"] as? String == "subset")
      #expect(try contents(of: directory) == ["p.json"])

      let closest = try export("p.json", "--to", "keras", "-o", "out", "--closest", "--json", in: directory)
      #expect(closest.exitCode == 0)
      let written = try closest.object()
      #expect(written["trainable_parameters"] as? Int == nearest["trainable_parameters"] as? Int)
      #expect(written["predicted_peak_bytes"] as? Int == nearest["predicted_peak_bytes"] as? Int)
      #expect(
        try contents(of: directory.appending(path: "out"))
          == ["check_plan.py", "keras_plan.py", "manifest.json", "plan.json"])
      // What was written beside is a plan of its own, for that trainer, which carries it out exactly.
      let again = try export("out/plan.json", "-o", "again", in: directory)
      #expect(again.exitCode == 0 && again.standardOutput.contains("with keras."))
      let check = try CommandLineProgram.run(["check", "out/plan.json", "--runtime", "25MiB"], in: directory)
      #expect(
        check.exitCode == 0 && check.standardOutput.contains("keras can carry the plan out"),
        "\(check.standardOutput)")
    }
  }

  @Test("a trainer that trains no such model says why")
  func refused() throws {
    try inPlannedDirectory { directory in
      let run = try export("p.json", "--to", "tiny-training", "-o", "out", in: directory)
      #expect(run.exitCode == 1 && run.errorLines.count == 1 && run.standardError.contains("convolutions"))
      #expect(try contents(of: directory) == ["p.json"])
      let several = try export("p.json", "--to", "hf-trainer", "-o", "plan.py", in: directory)
      #expect(several.exitCode == 64 && several.errorLines.count == 1)
    }
  }
}
