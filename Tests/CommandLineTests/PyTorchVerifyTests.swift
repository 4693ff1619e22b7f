import Foundation
import TestSupport
import Testing

@Suite("verify --trainer pytorch")
struct PyTorchVerifyTests {
  /// A program that has all packages, and for a script does what `body` says; `$2` is its job file.
  private func fakePython(_ body: String, in directory: URL) throws {
    let answer = #"{"version": [3, 11, 7], "missing": []}"#
    _ = try writeShellScript(
      "if [ \"$1\" = -c ]; then echo '\(answer)'; exit; fi\nfolder=$(dirname \"$2\")\n\(body)", named: "python",
      in: directory)
  }

  /// - Parameter arguments: between spaces.
  private func verify(_ arguments: String, in directory: URL) throws -> Run {
    try CommandLineProgram.run(
      ["verify", "p.json", "-q"] + arguments.split(separator: " ").map(String.init), in: directory)
  }

  private func makePlan(in directory: URL) throws {
    let plan = "plan model --budget 64MiB --batch 16 --seq 12 --threads 1 --runtime 30MiB -o p.json"
    #expect(
      try CommandLineProgram.run(plan.split(separator: " ").map(String.init), in: directory).exitCode == 0)
  }

  @Test("scores the logits that come back and reports the fields of the engine's own run")
  func report() throws {
    try withSmallTask { directory in
      try makePlan(in: directory)
      // Logits of zero: the first class for all 64 examples, which half of them have.
      try fakePython(
        """
        head -c 512 /dev/zero > "$folder/logits"
        echo '{"measured": {"_0": {"versions": "PyTorch 0", "baselineResidentBytes": 1000, "residentPeakBytes": 5000, \
        "secondsPerStep": 0.25, "firstLoss": 0.75, "lastLoss": 0.5, "evaluationExamples": 64, "liveBytes": 123}}}'
        """, in: directory)
      let run = try verify(
        "--model model --data data --trainer pytorch --python ./python --steps 4 --json", in: directory)
      let report = try run.object()
      // The live bytes are not what is predicted.
      #expect(run.exitCode == 1 && report["passed"] as? Bool == false && report["fits"] as? Bool == true)
      #expect(report["metric"] as? Double == 0.5 && report["baseline_metric"] as? Double == 0.5)
      #expect(report["trainer"] as? String == "pytorch" && report["trainer_version"] as? String == "PyTorch 0")
      #expect(report["resident_peak_bytes"] as? Int == 5000 && report["measured_peak_bytes"] as? Int == 123)
      #expect(report["seconds_per_step"] as? Double == 0.25 && report["evaluation_examples"] as? Int == 64)
      let own = try verify("--model model --data data --steps 4 --json", in: directory).object()
      // What PyTorch has no kernels for, and what this program needs no version of.
      #expect(Set(own.keys).symmetricDifference(report.keys) == ["times", "trainer_version"])
    }
  }

  @Test(
    "what cannot be run ends in one line and the right code",
    arguments: [
      ("exit 0", "--trainer pytorch --python ./python", 69),
      ("kill -SEGV $$", "--trainer pytorch --python ./python", 69),
      (
        #"echo '{"failed": {"message": "no libtorch", "exitStatus": 69}}'; exit 69"#,
        "--trainer pytorch --python ./python", 69
      ),
      (
        #"echo '{"measured": {"_0": {"versions": "x", "baselineResidentBytes": 1}}}'; : > "$folder/logits""#,
        "--trainer pytorch --python ./python", 69
      ),
      ("", "--trainer pytorch --python ./none", 69), ("", "--trainer pytorch --python no-such-python", 69),
      ("", "--trainer pytorch --python data/train.tsv", 69), ("", "--trainer pytorch --python /bin/true", 69),
      ("", "--python ./python", 64), ("", "--trainer pytorch-cuda", 64), ("", "--trainer tensorflow", 64),
      ("", "--trainer pytorch --times", 64), ("", "--update-loop fused", 64),
    ])
  func wrongInputs(body: String, arguments: String, code: Int) throws {
    try withSmallTask { directory in
      try makePlan(in: directory)
      try fakePython(body, in: directory)
      let run = try verify("--model model --data data \(arguments)", in: directory)
      #expect(run.exitCode == Int32(code), "\(run.standardError)\(run.standardOutput)")
      #expect(run.errorLines.count == 1, "\(run.standardError)")
    }
  }

  @Test("a plan for PyTorch is run by it, and by the engine where that is asked for, with the engine's bytes")
  func planned() throws {
    try withSmallTask { directory in
      let plan = "estimate model --train far:50 --budget 1GiB --batch 4 --seq 12 --trainer pytorch --out p.json"
      #expect(
        try CommandLineProgram.run(plan.split(separator: " ").map(String.init), in: directory).exitCode == 0)
      try fakePython(#"echo '{"failed": {"message": "it was me", "exitStatus": 69}}'; exit 69"#, in: directory)
      let theirs = try verify("--weights random --python ./python", in: directory)
      #expect(theirs.exitCode == 69 && theirs.standardError.hasSuffix("it was me\n"), "\(theirs.standardError)")
      let ours = try verify("--weights random --trainer permafrost --json", in: directory)
      #expect(ours.exitCode == 0, "\(ours.standardError)\(ours.standardOutput)")
      let report = try ours.object()
      #expect(report["measured_peak_bytes"] as? Int == report["predicted_peak_bytes"] as? Int)
      let confused = try verify("--weights random --trainer permafrost --python ./python", in: directory)
      #expect(confused.exitCode == 64 && confused.errorLines.count == 1, "\(confused.standardError)")
    }
  }

  @Test("a recipe that PyTorch has not is refused before anything is looked for")
  func recipes() throws {
    try withSmallTask { directory in
      let plan = "plan model --budget 64MiB --batch 4 --seq 12 --optimizer lion --runtime 30MiB -o p.json"
      #expect(
        try CommandLineProgram.run(plan.split(separator: " ").map(String.init), in: directory).exitCode == 0)
      let run = try verify("--weights random --trainer pytorch --python ./none", in: directory)
      #expect(run.exitCode == 64 && run.errorLines.count == 1, "\(run.standardError)")
    }
  }

  @Test("a transformers with other names for its tensors is said so in one line", .enabled(if: python != nil))
  func otherNames() throws {
    try withSmallTask { directory in
      try makePlan(in: directory)
      try Data(
        """
        import torch
        names = torch.nn.Module.named_parameters
        torch.nn.Module.named_parameters = lambda *a, **k: ((n.replace("query", "q_proj"), t) for n, t in names(*a, **k))
        """.utf8
      ).write(to: directory.appending(path: "sitecustomize.py"))
      _ = try writeShellScript(
        "PYTHONPATH='\(directory.path)' exec '\(try #require(python))' \"$@\"", named: "other", in: directory)
      let run = try verify(
        "--model model --data data --trainer pytorch --python ./other --budget 2GiB", in: directory)
      #expect(run.exitCode == 69 && run.errorLines.count == 1, "\(run.standardError)")
      #expect(
        run.standardError.contains("q_proj.weight' (and ")
          && run.standardError.contains("LookupError: transformers "))
    }
  }

  @Test(
    "really trains in PyTorch: it fits, live bytes are as predicted, and it learns; far below that it does not fit",
    .enabled(if: python != nil))
  func real() throws {
    try withSmallTask { directory in
      try makePlan(in: directory)
      let python = try #require(python)
      let options = "--model model --data data --trainer pytorch --python \(python) --json"
      let run = try verify("\(options) --budget 2GiB --epochs 6 --learning-rate 2e-3", in: directory)
      let report = try run.object()
      #expect(run.exitCode == 0, "\(run.standardError)\(run.standardOutput)")
      #expect(try #require(report["metric"] as? Double) >= 0.95)
      #expect((report["limit_enforced_by"] as? String)?.contains("RLIMIT_DATA") == true)
      let small = try verify("\(options) --budget 16MiB", in: directory)
      #expect(small.exitCode == 1, "\(small.standardError)")
      #expect(try small.object()["stopped_because"] as? String != nil)
    }
  }
}

/// A Python that has torch and transformers.
private let python = ProcessInfo.processInfo.environment["PERMAFROST_PYTHON"]
