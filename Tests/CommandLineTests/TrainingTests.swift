import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("prime, verify and train")
struct TrainingTests {
  /// Plans a small model into p.json.
  @discardableResult
  private func plan(_ options: String..., in directory: URL) throws -> [String: Any] {
    let run = try CommandLineProgram.run(
      ["plan", "bert-mini", "--batch", "4", "--seq", "32", "--threads", "2", "-o", "p.json", "--json"]
        + options,
      in: directory)
    #expect(run.exitCode == 0, "\(run.standardError)")
    return try run.object()
  }

  /// Verifies p.json on random weights.
  private func verify(_ options: String..., in directory: URL) throws -> Run {
    try CommandLineProgram.run(["verify", "p.json", "--weights", "random", "--json"] + options, in: directory)
  }

  @Test(
    "a plan fits on random weights: predicted bytes are the measured ones, and the process grows by no more than 3 % beside"
  )
  func fits() throws {
    try withTemporaryDirectory { directory in
      try plan("--budget", "120MiB", in: directory)
      let run = try verify(in: directory)
      let report = try run.object()
      #expect(run.exitCode == 0 && report["passed"] as? Bool == true && report["fits"] as? Bool == true)
      let predicted = try #require(report["predicted_peak_bytes"] as? Int)
      #expect(report["measured_peak_bytes"] as? Int == predicted)
      let resident = try #require(report["resident_peak_bytes"] as? Int)
      let baseline = try #require(report["baseline_resident_bytes"] as? Int)
      #expect(Double(resident - baseline) <= 1.03 * Double(predicted))
      #expect((report["limit_enforced_by"] as? String)?.contains("RLIMIT_DATA") == true)
      #expect(report["steps"] as? Int == 3 && (report["seconds_per_step"] as? Double ?? 0) > 0)
    }
  }

  @Test("a cap ten percent under the prediction is reported as not fitting, with where it was")
  func doesNotFit() throws {
    try withTemporaryDirectory { directory in
      let made = try plan("--budget", "120MiB", in: directory)
      let cap =
        (try #require(made["predicted_peak_bytes"] as? Int)) * 9 / 10
        + (try #require(made["runtime_bytes"] as? Int))
      let run = try verify("--budget", "\(cap)", in: directory)
      let report = try run.object()
      #expect(run.exitCode == 1 && report["fits"] as? Bool == false && report["passed"] as? Bool == false)
      let reason = try #require(report["stopped_because"] as? String)
      #expect(reason.contains("arena") && reason.contains("plan anew for this budget"))
    }
  }

  @Test("a program larger than was held back for it is reported as not fitting, with what to do")
  func programIsLarger() throws {
    try withTemporaryDirectory { directory in
      try plan("--budget", "80MiB", "--runtime", "4MiB", in: directory)
      let run = try verify(in: directory)
      #expect(run.exitCode == 1)
      let reason = try #require(try run.object()["stopped_because"] as? String)
      #expect(reason.contains("4.0 MiB were held back") && reason.contains("--runtime"))
    }
  }

  @Test(
    "the whole path on a small task: prime, plan, check, verify, train, and the checkpoint is a model again")
  func wholePath() throws {
    try withSmallTask { directory in
      func run(_ arguments: String...) throws -> Run {
        let run = try CommandLineProgram.run(arguments + ["-q"], in: directory)
        #expect(
          run.exitCode == 0, "\(arguments.joined(separator: " ")): \(run.standardError)\(run.standardOutput)")
        return run
      }
      _ = try run(
        "prime", "model", "--data", "data", "--batch", "16", "--seq", "12", "--steps", "8", "--learning-rate",
        "1e-3", "-o", "s.json")
      _ = try run(
        "plan", "model", "--scores", "s.json", "--budget", "64MiB", "--batch", "16", "--seq", "12", "--threads",
        "2", "-o", "p.json")
      _ = try run("check", "p.json", "--model", "model")
      let report = try run(
        "verify", "p.json", "--model", "model", "--data", "data", "--epochs", "6", "--learning-rate", "2e-3",
        "--json"
      ).object()
      #expect(try #require(report["metric"] as? Double) >= 0.95)
      #expect(report["baseline_metric"] as? Double != nil)
      _ = try run(
        "train", "p.json", "--model", "model", "--data", "data", "--epochs", "2", "-o", "out", "--predictions",
        "dev.txt")
      let model = try ModelSource.resolve(directory.appendingPathComponent("out").path, needsWeights: true)
      #expect(model.weights?.freshParameters == [])
      #expect(
        try String(contentsOf: directory.appendingPathComponent("dev.txt"), encoding: .utf8).split(
          separator: "\n"
        ).count == 64)
    }
  }

  @Test("one of a thing is not called several")
  func one() throws {
    try withSmallTask { directory in
      func text(_ command: String) throws -> String {
        let run = try CommandLineProgram.run(command.split(separator: " ").map(String.init), in: directory)
        #expect(run.exitCode == 0, "\(run.standardError)")
        return run.standardOutput.split { $0 == " " || $0.isNewline }.joined(separator: " ")
      }
      let shape = "--batch 1 --seq 12 --threads 1"
      #expect(try text("models bert-tiny --labels 1").contains("a head for 1 class "))
      #expect(
        try text("prime model --data data \(shape) --steps 1 --warmup 0 -q -o s.json").contains(
          "Primed for 1 step of"))
      _ = try text("plan model --budget 64MiB \(shape) --runtime 30MiB -q -o p.json")
      #expect(
        try text("train p.json --model model --data data --steps 1 -q -o out").contains(
          "Trained 1 step on 1 example;")
      )
    }
  }

  @Test(
    "scores of nothing are refused where they are made, and where a metric that is 0 throughout is planned by")
  func nothingMoved() throws {
    try withSmallTask { directory in
      func run(_ arguments: String) throws -> Run {
        try CommandLineProgram.run(arguments.split(separator: " ").map(String.init), in: directory)
      }
      // The first step of a warm-up has rate zero, so weights stay as they are, and plain SGD keeps no squared gradients.
      let shape = "--batch 4 --seq 12 --threads 1"
      let prime = "prime model --data data \(shape) --steps 1 -q -o s.json"
      let still = try run("\(prime) --optimizer sgd")
      #expect(still.exitCode == 1 && still.errorLines.last?.contains("every score is 0 after 1 step;") == true)
      #expect(try contents(of: directory) == ["data", "model"])
      #expect(try run(prime).exitCode == 0)
      let plan = "plan model --scores s.json --budget 64MiB --runtime 30MiB \(shape) -q"
      #expect(try run(plan).exitCode == 0)
      let refused = try run("\(plan) --score root-change")
      #expect(refused.exitCode == 65 && refused.standardError.contains("every score by 'root-change' is 0"))
    }
  }

  @Test("prime within a budget takes turns that fit it, says so, and plan takes whichever metric is named")
  func primingInTurns() throws {
    try withSmallTask { directory in
      func run(_ arguments: String) throws -> Run {
        try CommandLineProgram.run(arguments.split(separator: " ").map(String.init) + ["-q"], in: directory)
      }
      let shape = "--batch 8 --seq 12 --threads 2"
      let prime = "prime model --data data \(shape) --steps 6 --learning-rate 1e-3 --warmup 0"
      let whole = try run("\(prime) --budget 256MiB --json -o whole.json")
      #expect(whole.exitCode == 0, "\(whole.standardError)")
      let report = try whole.object()
      #expect((report["turns"] as? [Any])?.count == 1)
      #expect((report["metrics"] as? [[String: Any]])?.compactMap { $0["name"] as? String }.count == 6)

      // A little less than the step's peak in all, with the runtime as it is here.
      let peak = try #require(report["measured_peak_bytes"] as? Int)
      let runtime = 64 << 20
      let budget = runtime + peak * 3 / 4
      let turns = try run("\(prime) --budget \(budget) --runtime \(runtime) --json -o turns.json")
      #expect(turns.exitCode == 0, "\(turns.standardError)")
      let taken = try #require(turns.object()["turns"] as? [[String: Any]])
      #expect(taken.count > 1)
      for turn in taken { #expect(try #require(turn["measured_peak_bytes"] as? Int) + runtime <= budget) }
      let file = try Data(contentsOf: directory.appending(path: "turns.json"))
      let scores = try #require(JSONSerialization.jsonObject(with: file) as? [String: Any])
      #expect(scores["turns"] as? Int == taken.count && scores["unscored"] == nil)

      // What lower layers' gradients are depends on what trains above them, so turns leave those metrics out.
      let plan = "plan model --budget 64MiB --runtime 30MiB \(shape) --scores"
      let (changes, gradients) = (
        ["root-change", "weight-change", "relative-change"], ["root-fisher", "gradient-norm", "fisher"]
      )
      for (file, metrics, refused) in [
        ("whole.json", changes + gradients, ["given"]), ("turns.json", changes, gradients),
      ] {
        for metric in metrics {
          let planned = try run("\(plan) \(file) --score \(metric)")
          #expect(planned.exitCode == 0 && planned.standardOutput.contains("\(metric), measured by priming"))
        }
        for metric in refused {
          let planned = try run("\(plan) \(file) --score \(metric)")
          #expect(planned.exitCode == 65 && planned.errorLines.count == 1, "\(planned.standardError)")
        }
      }
      // Shares of different scores do not compare, and neither do those by two metrics of the same file.
      for (name, scores) in [
        ("a", "whole.json --score fisher"), ("b", "whole.json --score fisher"),
        ("c", "whole.json --score root-fisher"), ("d", "turns.json --score weight-change"),
        ("e", "whole.json --score weight-change"),
      ] {
        #expect(try run("\(plan) \(scores) -o \(name).json").exitCode == 0)
      }
      for (pair, comparable) in [("a b", true), ("a c", false), ("d e", false)] {
        let files = pair.split(separator: " ").map { "\($0).json" }.joined(separator: " ")
        let captured = try #require(run("diff \(files) --json").object()["captured"] as? [String: Any])
        #expect(captured["comparable"] as? Bool == comparable, "\(pair)")
      }
      let small = try run("\(prime) --budget 1MiB --runtime 1MiB -o none.json")
      #expect(small.exitCode == 1 && small.errorLines.count == 1, "\(small.standardError)")
      #expect(!FileManager.default.fileExists(atPath: directory.appending(path: "none.json").path))
    }
  }

  @Test(
    "wrong inputs end in one line and the right code, and leave nothing behind",
    arguments: [
      (["prime", "model", "--batch", "4", "--seq", "12", "-o", "x"], 64),
      (["plan", "model", "--budget", "64MiB", "--score", "fisher", "--batch", "4", "--seq", "12"], 64),
      (["prime", "model", "--data", "nowhere", "--batch", "4", "--seq", "12", "-o", "x"], 66),
      (["prime", "nothing", "--data", "data", "--batch", "4", "--seq", "12", "-o", "x"], 66),
      (["prime", "bert-tiny", "--data", "data", "--batch", "4", "--seq", "12", "-o", "x"], 66),
      (
        [
          "prime", "model", "--data", "data", "--label-column", "intent", "--batch", "4", "--seq", "12", "-o",
          "x",
        ], 65
      ),
      (["prime", "model", "--data", "data", "--batch", "4", "--seq", "99", "-o", "x"], 64),
      (["prime", "model", "--data", "data", "--batch", "4", "--seq", "12", "--steps", "0", "-o", "x"], 64),
      (
        ["prime", "model", "--data", "data", "--doc-stride", "8", "--batch", "4", "--seq", "12", "-o", "x"], 64
      ),
      (["verify", "p.json", "--model", "model", "--data", "data", "--task", "trec", "--text-column", "a"], 64),
      (["verify", "p.json", "--model", "model", "--data", "data", "--label-separator", "|"], 64),
      (["verify", "p.json"], 64), (["verify", "none.json", "--weights", "random"], 66),
      (["verify", "p.json", "--weights", "random", "--data", "data"], 64),
      (["verify", "p.json", "--model", "model", "--data", "data", "--steps", "1", "--epochs", "1"], 64),
      (["verify", "p.json", "--model", "model", "--data", "data", "--task", "sst2"], 65),
      (["verify", "p.json", "--model", "model", "--data", "data", "--task", "chess"], 64),
      (["verify", "p.json", "--model", "model", "--data", "three"], 65),
      (["verify", "data/train.tsv", "--weights", "random"], 65),
      (["train", "p.json", "--model", "model", "--data", "data", "-o", "data"], 64),
      (["train", "p.json", "--model", "model", "-o", "x"], 64),
      (["train", "p.json", "--model", "bert-tiny", "--data", "data", "-o", "x"], 66),
    ])
  func wrongInputs(arguments: [String], code: Int) throws {
    try withSmallTask { directory in
      let plan = [
        "plan", "model", "--budget", "64MiB", "--batch", "4", "--seq", "12", "--runtime", "30MiB", "-o",
        "p.json",
      ]
      #expect(try CommandLineProgram.run(plan, in: directory).exitCode == 0)
      let three = directory.appendingPathComponent("three")
      try FileManager.default.createDirectory(at: three, withIntermediateDirectories: true)
      for name in ["train.tsv", "dev.tsv"] {
        try "text\tlabel\nyes\ta\nno\tb\nand\tc\n".write(
          to: three.appendingPathComponent(name), atomically: true, encoding: .utf8)
      }
      let before = try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted()
      let run = try CommandLineProgram.run(arguments, in: directory)
      #expect(run.exitCode == Int32(code), "\(run.standardError)\(run.standardOutput)")
      #expect(run.errorLines.count == 1, "\(run.standardError)")
      #expect(try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted() == before)
    }
  }
}
