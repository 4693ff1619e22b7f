import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("Outputs")
struct OutputTests {
  /// Everything below a directory with what it holds, and what kind it is; links are not followed.
  private func everything(in directory: URL) throws -> [String: String] {
    let manager = FileManager.default
    let names = try manager.subpathsOfDirectory(atPath: directory.path)
    return try Dictionary(
      uniqueKeysWithValues: names.map { name in
        let path = directory.appending(path: name).path
        let type = try manager.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        let bytes = type == .typeRegular ? try Data(contentsOf: URL(fileURLWithPath: path)) : Data()
        return (name, "\(type?.rawValue ?? "") \(SHA256.hash(of: bytes))")
      })
  }

  /// A file, a folder, a pipe and links, by these names.
  private func furnish(_ directory: URL) throws {
    let manager = FileManager.default
    try manager.createDirectory(at: directory.appending(path: "folder"), withIntermediateDirectories: false)
    try Data().write(to: directory.appending(path: "file"))
    #expect(mkfifo(directory.appending(path: "pipe").path, 0o600) == 0)
    for (link, target) in [("link", "model"), ("plan", "p.json"), ("circle", "circle")] {
      try manager.createSymbolicLink(
        atPath: directory.appending(path: link).path, withDestinationPath: target)
    }
  }

  @Test(
    "of train that cannot be written, or would replace what is read, are refused before anything is trained")
  func train() throws {
    let cases: [(arguments: String, code: Int32, words: String)] = [
      ("-o o --predictions none/p", 69, "none/p: "), ("-o none/o", 69, "none/o: "),
      ("-o o --predictions folder", 69, "folder: cannot create: it is a directory"),
      ("-o o --predictions pipe", 69, "pipe: neither a file nor a folder"),
      ("-o o --predictions circle", 69, "circle: "), ("-o pipe", 69, "pipe: "),
      ("-o /proc", 69, "is mounted there"), ("-o file", 69, "file: cannot"),
      ("-o o --checkpoints file", 69, "file: cannot create: Not a directory"),
      ("-o o --predictions o/p.tsv", 64, "lies within the other"), ("-o o --predictions ./o", 64, "at once"),
      ("-o o --checkpoints o", 64, "two outputs at once, of '-o' and of '--checkpoints'"),
      ("-o o --checkpoints o/runs", 64, "lies within the other"),
      ("-o p.json", 64, "would replace the plan"),
      ("-o model --overwrite", 64, "'-o model' would replace the model"),
      ("-o link --overwrite", 64, "'-o link' would replace the model"),
      ("-o . --overwrite", 64, "would replace the plan"),
      ("-o o --predictions folder/../data/train.tsv", 64, "would replace the data"),
      ("-o o --predictions model/config.json", 64, "would replace the model"),
      ("-o o --predictions plan", 64, "would replace the plan"),
    ]
    try withSmallTask { directory in
      let run = try SmallRun(directory)
      try furnish(directory)
      let before = try everything(in: directory)
      for (arguments, code, words) in cases {
        let refused = try run.train("\(arguments) --steps 2")
        #expect(refused.exitCode == code, "\(arguments): \(refused.standardError)")
        #expect(refused.errorLines.count == 1 && refused.standardOutput.isEmpty, "\(refused.standardError)")
        #expect(refused.standardError.contains(words), "\(arguments): \(refused.standardError)")
        #expect(try everything(in: directory) == before, "\(arguments)")
      }
    }
  }

  @Test("of train may lie in the folder of its checkpoints, which it makes, and a link to a folder stays one")
  func trainAllowed() throws {
    try withSmallTask { directory in
      let run = try SmallRun(directory)
      let first = try run.train("-o runs/o --checkpoints runs --predictions runs/p.tsv --steps 2 -q")
      #expect(first.exitCode == 0, "\(first.standardError)")
      #expect(run.exists("runs/o/model.safetensors") && run.exists("runs/p.tsv"))
      let link = directory.appending(path: "link").path
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "runs/o")
      try FileManager.default.removeItem(at: directory.appending(path: "runs/o/vocab.txt"))
      let second = try run.train("-o link --overwrite --steps 2 -q")
      #expect(second.exitCode == 0, "\(second.standardError)")
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "runs/o")
      #expect(run.exists("runs/o/vocab.txt"))
    }
  }

  @Test("predictions that can no longer be written at the end of a run do not cost its checkpoint")
  func lostPredictions() throws {
    try withSmallTask { directory in
      let run = try SmallRun(directory)
      let gone = directory.appending(path: "gone")
      try FileManager.default.createDirectory(at: gone, withIntermediateDirectories: false)
      let lost = try run.train("-o o --checkpoint-every 5 --predictions gone/p.tsv -q") { _ in
        run.wait(for: 5, in: "o.checkpoints")
        try FileManager.default.removeItem(at: gone)
      }
      #expect(lost.exitCode == 69 && lost.errorLines.count == 1, "\(lost.standardError)")
      #expect(lost.standardError.contains("gone/p.tsv: cannot create: No such file"))
      #expect(try ModelSource.resolve(directory.appending(path: "o").path, needsWeights: true).weights != nil)
    }
  }

  @Test("of prime are checked before it trains")
  func prime() throws {
    try withSmallTask { directory in
      try furnish(directory)
      let before = try everything(in: directory)
      for (out, code, words) in [
        ("", 69, "an empty path names no file"), ("folder", 69, "folder: "), ("pipe", 69, "pipe: "),
        ("data/dev.tsv", 64, "would replace the data"), ("link/vocab.txt", 64, "would replace the model"),
      ] {
        let run = try CommandLineProgram.run(
          ["prime", "model", "--data", "data", "--batch", "4", "--seq", "12", "--steps", "2", "-o", out],
          in: directory)
        #expect(run.exitCode == Int32(code) && run.errorLines.count == 1, "\(out): \(run.standardError)")
        #expect(run.standardError.contains(words), "\(run.standardError)")
        #expect(try everything(in: directory) == before)
      }
    }
  }

  @Test("that are links stay links, and what they lead to is written")
  func links() throws {
    try withTemporaryDirectory { directory in
      try FileManager.default.createDirectory(
        at: directory.appending(path: "there"), withIntermediateDirectories: false)
      let link = directory.appending(path: "p.json").path
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "there/plan.json")
      // At first it leads nowhere.
      for _ in 0..<2 {
        #expect(try CommandLineProgram.run(smallPlan + ["-o", "p.json"], in: directory).exitCode == 0)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "there/plan.json")
        #expect(try contents(of: directory.appending(path: "there")) == ["plan.json"])
      }
    }
  }

  @Test("that are pipes are left alone, and it is said what prints the same")
  func pipes() throws {
    try withTemporaryDirectory { directory in
      #expect(mkfifo(directory.appending(path: "pipe.yaml").path, 0o600) == 0)
      let before = try everything(in: directory)
      for (arguments, words) in [
        (smallPlan + ["-o", "pipe.yaml"], "or '--json' to have it on standard output"),
        (["calibrate", "-o", "pipe.yaml"], "or leave '-o' out to have it on standard output"),
        (
          ["estimate", "bert-tiny", "--batch", "4", "--seq", "32", "-o", "pipe.yaml"], "give the name of a file"
        ),
        (["export", "p.json", "--to", "axolotl", "-o", "pipe.yaml"], "give the name of a file"),
        (["check", "p.json", "--junit", "pipe.yaml"], "give the name of a file"),
      ] {
        let run = try CommandLineProgram.run(arguments, in: directory)
        #expect(run.exitCode == 69 && run.errorLines.count == 1, "\(arguments): \(run.standardError)")
        #expect(run.standardError.contains("pipe.yaml: neither a file nor a folder"), "\(run.standardError)")
        #expect(run.standardError.contains(words), "\(run.standardError)")
        #expect(try everything(in: directory) == before)
      }
    }
  }

  @Test(
    "of export never replace the plan that is exported",
    arguments: [
      ("plan.json", "keras", "."), ("manifest.json", "peft", "."), ("tp.json", "peft", "tp.json"),
      ("tp.manifest.json", "peft", "./tp.json"),
    ])
  func export(plan: String, target: String, out: String) throws {
    try withTemporaryDirectory { directory in
      // Trains what neither of the two can carry out.
      let estimate = ["estimate", "bert-mini", "--train", "bitfit", "--batch", "4", "--seq", "32"]
      let made = try CommandLineProgram.run(estimate + ["--runtime", "25MiB", "-o", plan], in: directory)
      #expect(made.exitCode == 0, "\(made.standardError)")
      let before = try everything(in: directory)
      let run = try CommandLineProgram.run(
        ["export", plan, "--to", target, "-o", out, "--closest"], in: directory)
      #expect(run.exitCode == 64 && run.errorLines.count == 1, "\(run.standardError)")
      #expect(run.standardError.contains("would replace the plan"), "\(run.standardError)")
      #expect(try everything(in: directory) == before)
    }
  }
}
