import Foundation
import TestSupport
import Testing

@Suite("plan --for")
struct TargetTests {
  private static let small = [
    "bert-mini", "--batch", "4", "--seq", "32", "--threads", "2", "--runtime", "25MiB", "--saving", "keep",
    "--accumulate", "1",
  ]

  @Test("a plan made for a trainer is written for it without being told, and for others that can carry it out")
  func export() throws {
    try withTemporaryDirectory { directory in
      let plan = try CommandLineProgram.run(
        ["plan"] + Self.small + ["--budget", "100MiB", "--for", "keras", "-o", "p.json", "--json"],
        in: directory)
      #expect(plan.exitCode == 0)
      #expect(try plan.object()["target"] as? String == "keras")
      let check = try CommandLineProgram.run(["check", "p.json", "--runtime", "25MiB"], in: directory)
      #expect(check.exitCode == 0 && check.standardOutput.contains("keras can carry the plan out (Keras 3."))
      let run = try CommandLineProgram.run(["export", "p.json", "-o", "keras", "--json"], in: directory)
      #expect(run.exitCode == 0)
      #expect(try run.object()["target"] as? String == "keras")
      let other = try CommandLineProgram.run(
        ["export", "p.json", "--to", "pytorch", "-o", "other", "--json"], in: directory)
      #expect(other.exitCode == 0)
      let peak = try #require(try other.object()["trainer_peak"] as? [String: Any])
      #expect(peak["model"] as? String == "pytorch" && peak["fits_budget"] as? Bool == false)
      let manifest = try #require(
        try JSONSerialization.jsonObject(
          with: Data(contentsOf: directory.appending(path: "other/manifest.json"))) as? [String: Any])
      #expect(manifest["trainer_peak_bytes"] as? Int == peak["bytes"] as? Int)
      #expect(manifest["trainer_memory_model"] as? String == "pytorch")
    }
  }

  @Test(
    "what trains is decided for one trainer, the bytes are another's memory model, and both hold afterwards")
  func bothTrainers() throws {
    try withTemporaryDirectory { directory in
      let plan = try CommandLineProgram.run(
        [
          "plan", "bert-tiny", "--batch", "4", "--seq", "32", "--runtime", "300MiB", "--budget", "380MiB",
          "--saving",
          "keep", "--accumulate", "1",
          "--for", "llama-factory", "--trainer", "pytorch", "-o", "p.json", "--json",
        ], in: directory)
      let made = try plan.object()
      #expect(plan.exitCode == 0, "\(plan.standardError)")
      #expect(made["target"] as? String == "llama-factory" && made["trainer"] as? String == "pytorch")
      let run = try CommandLineProgram.run(["export", "p.json", "-o", "out", "--json"], in: directory)
      let export = try run.object()
      #expect(run.exitCode == 0 && export["exact"] as? Bool == true)
      #expect(export["trainable_parameters"] as? Int == made["trainable_parameters"] as? Int)
      let peak = try #require(export["trainer_peak"] as? [String: Any])
      #expect(peak["model"] as? String == "pytorch" && peak["fits_budget"] as? Bool == true, "\(peak)")
      let check = try CommandLineProgram.run(["check", "p.json"], in: directory)
      #expect(check.exitCode == 0, "\(check.standardOutput)")
      for words in ["llama-factory can carry the plan out", "with pytorch, "] {
        #expect(check.standardOutput.contains(words), "\(check.standardOutput)")
      }
    }
  }

  @Test("a plan for no trainer has to be told which, and a sweep says for which it is")
  func told() throws {
    try withTemporaryDirectory { directory in
      _ = try CommandLineProgram.run(smallPlan + ["-o", "p.json"], in: directory)
      let run = try CommandLineProgram.run(["export", "p.json", "-o", "out"], in: directory)
      #expect(run.exitCode == 64 && run.standardError.contains("missing '--to'"))
      let sweep = try CommandLineProgram.run(
        ["sweep"] + Self.small + ["--points", "2", "--for", "mlx-lm", "--jobs", "1", "--json"], in: directory)
      #expect(sweep.exitCode == 0)
      let series = try #require(try sweep.object()["series"] as? [[String: Any]])
      #expect(series.map { $0["target"] as? String } == ["mlx-lm"])
    }
  }

  @Test(
    "what a trainer cannot be asked for is said in one line",
    arguments: [
      (["--for", "tiny-training"], 1, "convolutions"), (["--for", "keros"], 64, "'keros'"),
      (["--for", "mlx-lm", "--optimizer", "lion"], 64, "no optimizer 'lion'"),
      (["--for", "keras", "--frozen-weights", "int8"], 64, "frozen weights as int8"),
      (["--for", "torchtune", "--freeze", "embeddings.*"], 64, "agrees with"),
      (["--for", "mlx-lm", "--train", "classifier.weight"], 64, "agrees with"),
    ])
  func refused(arguments: [String], code: Int, words: String) throws {
    let run = try CommandLineProgram.run(
      ["plan", "bert-mini", "--budget", "100MiB", "--batch", "4", "--seq", "32", "--runtime", "25MiB"]
        + arguments)
    #expect(run.exitCode == code && run.errorLines.count == 1, "\(arguments): \(run.standardError)")
    #expect(run.standardError.contains(words), "\(arguments): \(run.standardError)")
  }
}
