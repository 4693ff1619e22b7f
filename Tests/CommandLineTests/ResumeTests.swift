import Foundation
import Testing

/// The training process that a command started.
private func worker(of process: Process) throws -> pid_t {
  let number = process.processIdentifier
  let children = try String(contentsOfFile: "/proc/\(number)/task/\(number)/children", encoding: .utf8)
  return try #require(children.split(separator: " ").compactMap { pid_t($0) }.first)
}

@Suite("Checkpoints, interruptions and evaluations of a run")
struct ResumeTests {
  @Test("a run that is killed again and again ends in the same losses, state and model, bit for bit")
  func killed() throws {
    try withSmallTask { directory in
      let run = try SmallRun(directory)
      let options = "--checkpoint-every 7 --evaluate-every 400 --json"
      let whole = try run.train("--checkpoints whole \(options) -o out")
      #expect(whole.exitCode == 0, "\(whole.standardError)")
      // Moments that fall anywhere: in steps, in writing, right after a rename.
      var next = "--checkpoints killed"
      for (target, delay) in [(7, 0), (300, 3000), (700, 7000), (1100, 500)] {
        let killed = try run.train("\(next) \(options) -o again") { process in
          run.wait(for: target, in: "killed")
          usleep(UInt32(delay))
          kill(try worker(of: process), SIGKILL)
        }
        #expect(killed.exitCode == 70, "killed after step \(target): \(killed.standardError)")
        #expect(run.newestStep("killed") >= target && !run.exists("again"))
        next = "--resume killed"
      }
      let last = try run.train("--resume killed \(options) -o again")
      #expect(last.exitCode == 0, "\(last.standardError)")
      // Losses, evaluations, weights and optimizer state of all steps are in the last checkpoint.
      #expect(try contents(of: directory.appending(path: "killed")) == ["step-1995.checkpoint"])
      #expect(try run.data("killed/step-1995.checkpoint") == run.data("whole/step-1995.checkpoint"))
      #expect(try run.data("again/model.safetensors") == run.data("out/model.safetensors"))
      let (first, second) = (try whole.object(), try last.object())
      let (a, b) = try (training(first), training(second))
      for name in ["first_loss", "last_loss", "examples", "tokens", "steps", "scores", "evaluations"] {
        #expect(try #require(a[name] as? NSObject) == #require(b[name] as? NSObject), "\(name)")
      }
      #expect((b["resumed_from"] as? Int ?? 0) >= 1100 && a["resumed_from"] == nil)
      #expect((a["evaluations"] as? [Any])?.count == 5)
      for name in ["seconds_to_first_step", "seconds_per_step", "tokens_per_second"] {
        #expect(a[name] as? Double ?? 0 > 0, "\(name)")
      }
      let progress = try #require(whole.errorLines.last)
      for word in ["2000/2000, loss ", ", accuracy ", " tokens/s, ", " resident, ", " arena, rate "] {
        #expect(progress.contains(word), "\(progress)")
      }
    }
  }

  private func training(_ report: [String: Any]) throws -> [String: Any] {
    try #require(report["training"] as? [String: Any])
  }

  @Test(
    "a signal stops a run at the end of a step, with 130 and a checkpoint to go on from",
    arguments: [SIGINT, SIGTERM])
  func stopped(signal: Int32) throws {
    try withSmallTask { directory in
      let run = try SmallRun(directory)
      let stopped = try run.train("--checkpoint-every 5 -o out") { process in
        run.wait(for: 5, in: "out.checkpoints")
        kill(process.processIdentifier, signal)
      }
      #expect(stopped.hasExited && stopped.exitCode == 130 && !run.exists("out"))
      let line = try #require(stopped.errorLines.last { $0.contains("error") })
      let step = run.newestStep("out.checkpoints")
      #expect(line.contains("interrupted after step \(step) of 2000") && line.contains("--resume"), "\(line)")
      let rest = try run.train("--resume out.checkpoints --checkpoint-every 2000 -o out --json -q")
      #expect(try training(rest.object())["resumed_from"] as? Int == step)
      let whole = try run.train("--checkpoints whole --checkpoint-every 2000 -o other -q")
      #expect(whole.exitCode == 0)
      #expect(try run.data("out.checkpoints/step-2000.checkpoint") == run.data("whole/step-2000.checkpoint"))
      #expect(try run.data("out/model.safetensors") == run.data("other/model.safetensors"))
    }
  }

  @Test("a run without checkpoints that is interrupted says that nothing was kept, and leaves nothing")
  func stoppedWithout() throws {
    try withSmallTask { directory in
      let run = try SmallRun(directory)
      let before = try contents(of: directory)
      let stopped = try run.train("--steps 100000 -o out --predictions dev.txt") { process in
        // The first line of progress is said after the first step.
        usleep(1_500_000)
        kill(process.processIdentifier, SIGINT)
      }
      #expect(stopped.exitCode == 130)
      #expect(stopped.errorLines.last?.contains("interrupted") == true, "\(stopped.standardError)")
      #expect(try contents(of: directory) == before)
    }
  }

  @Test("going on with anything else than what the run was given is refused in one line")
  func refused() throws {
    try withSmallTask { directory in
      let run = try SmallRun(directory)
      try run.plan("other.json", batch: 5)
      #expect(try run.train("--steps 6 --checkpoints runs --checkpoint-every 4 -o out").exitCode == 0)
      try change("model/model.safetensors", to: "changed/model.safetensors", in: directory) {
        $0[$0.count - 1] ^= 1
      }
      try change("data/train.tsv", to: "edited/train.tsv", in: directory) {
        $0 += Data("yes and yes\tagree\n".utf8)
      }
      try change("data/dev.tsv", to: "redone/dev.tsv", in: directory) { $0 += Data("no and no\trefuse\n".utf8) }
      try change("runs/step-4.checkpoint", to: "cut/step-4.checkpoint", in: directory) { $0.removeLast() }
      try change("runs/step-4.checkpoint", to: "flipped/step-4.checkpoint", in: directory) {
        $0[$0.count / 2] ^= 1
      }
      try change("p.json", to: "foreign/step-4.checkpoint", in: directory) { _ in }
      let cases: [(arguments: String, code: Int32, words: String)] = [
        ("--resume runs --model changed", 65, "another model"),
        ("--resume runs --data edited", 65, "another training data"),
        ("--resume runs --data redone", 65, "another evaluation data"),
        ("--resume runs --seed 7", 65, "another seed (0, not 7)"),
        ("--resume runs --steps 7", 65, "another number of steps (6, not 7)"),
        ("--resume runs --schedule cosine", 65, "another schedule (linear, not cosine)"),
        ("--resume runs --warmup 0.5", 65, "another warm-up"),
        ("--resume runs --learning-rate 1", 65, "another learning rate"),
        ("--resume runs --evaluate-every 2", 65, "another evaluation interval"),
        ("--resume cut", 65, "damaged"), ("--resume flipped", 65, "checksum"),
        ("--resume foreign", 65, "not a checkpoint"), ("--resume nowhere", 66, "no checkpoint"),
        ("--checkpoints runs", 64, "--resume"), ("--resume runs --checkpoints more", 64, "--checkpoints"),
        ("--keep best", 64, "--evaluate-every"), ("--checkpoint-every 0", 64, "whole number"),
        ("--checkpoints none/here", 69, "none/here"), ("--warmup 2", 64, "from 0 to 1"),
        ("--schedule step", 64, "cosine"),
      ]
      let otherPlan = try run.train("--steps 6 --resume runs -o fresh", plan: "other.json")
      #expect(otherPlan.exitCode == 65 && otherPlan.standardError.contains("another plan"))
      for (arguments, code, words) in cases {
        let steps = arguments.contains("--steps") ? "" : " --steps 6"
        let refused = try run.train("\(arguments)\(steps) -o fresh")
        #expect(
          refused.exitCode == code && refused.errorLines.count == 1, "\(arguments): \(refused.standardError)")
        #expect(refused.standardError.contains(words), "\(arguments): \(refused.standardError)")
        #expect(!run.exists("fresh"))
      }
      // After all that the run still goes on from where it was.
      #expect(try run.train("--steps 6 --resume runs -o fresh").exitCode == 0)
      #expect(try run.data("fresh/model.safetensors") == run.data("out/model.safetensors"))
    }
  }

  /// Copies the directory of a file and changes that file in the copy.
  private func change(
    _ source: String, to target: String, in directory: URL, _ edit: (inout Data) throws -> Void
  ) throws {
    let (from, to) = (directory.appending(path: source), directory.appending(path: target))
    let folder = to.deletingLastPathComponent()
    if from.lastPathComponent == to.lastPathComponent {
      try FileManager.default.copyItem(at: from.deletingLastPathComponent(), to: folder)
    } else {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    var data = try Data(contentsOf: from)
    try edit(&data)
    try data.write(to: to)
  }

  @Test("the best evaluation's weights are what '--keep best' saves, also after an interruption")
  func best() throws {
    try withSmallTask { directory in
      let run = try SmallRun(directory)
      // A rate that is too large forgets what it learnt: the last weights are not the best.
      let options =

        "--steps 1000 --learning-rate 0.3 --warmup 0.1 --schedule constant --evaluate-every 5 --checkpoint-every 9"
      let whole = try run.train("\(options) --keep best -o out --predictions dev.txt --json")
      #expect(whole.exitCode == 0, "\(whole.standardError)")
      let report = try training(whole.object())
      let evaluations = try #require(report["evaluations"] as? [[String: Any]])
      func accuracy(_ evaluation: [String: Any]) throws -> Double {
        let scores = try #require(evaluation["scores"] as? [[String: Any]])
        return try #require(scores.first?["value"] as? Double)
      }
      let scores = try evaluations.map(accuracy)
      let best = try #require(scores.max())
      let keptStep = try #require(report["kept_step"] as? Int)
      #expect(scores.count == 200 && scores.last ?? 1 < best)
      #expect(evaluations[try #require(scores.firstIndex(of: best))]["step"] as? Int == keptStep)
      #expect(try accuracy(report) == best)
      // The logits are those of the saved weights.
      let lines = try String(decoding: run.data("dev.txt"), as: UTF8.self).split(separator: "\n").map {
        $0.split(separator: "\t").compactMap { Double($0) }
      }
      let hits = lines.filter { ($0[2] > $0[1]) == ($0[0] == 1) }.count
      #expect(Double(hits) / Double(lines.count) == best)

      _ = try run.train("\(options) --keep best -o again") { process in
        run.wait(for: 27, in: "again.checkpoints")
        kill(try worker(of: process), SIGKILL)
      }
      #expect(try run.train("\(options) --keep best -o again --resume again.checkpoints").exitCode == 0)
      #expect(try run.data("again/model.safetensors") == run.data("out/model.safetensors"))
    }
  }

  @Test("a loss that is not finite ends the run with its kernel and no output; the last checkpoint still loads")
  func diverged() throws {
    try withSmallTask { directory in
      let run = try SmallRun(directory)
      // Trained on one example whose token's embedding is too large to be normalized, met some steps into the epoch.
      let command = try commandMeeting(.greatestFiniteMagnitude, in: directory)
      let failed = try run.train("\(command) --checkpoints runs --checkpoint-every 1 -o out")
      let line = try #require(failed.errorLines.last)
      #expect(failed.exitCode == 1 && !run.exists("out"))
      let step = run.newestStep("runs")
      #expect(
        step > 0 && line.contains("not finite at step \(step + 1), first in kernel 'embedding"), "\(line)")
      let again = try run.train("\(command) --resume runs -o out")
      #expect(again.exitCode == 1 && again.errorLines.last == line)
      #expect(try contents(of: directory.appending(path: "runs")) == ["step-\(step).checkpoint"])
    }
  }

  @Test(
    "a checkpoint that holds what is no number is said to be at fault, with the tensor, once it spoils the loss"
  )
  func notFinite() throws {
    try withSmallTask { directory in
      let run = try SmallRun(directory)
      let failed = try run.train("\(commandMeeting(.nan, in: directory)) -o out")
      let line = try #require(failed.errorLines.last)
      #expect(failed.exitCode == 65 && !run.exists("out"))
      #expect(line.contains("'embeddings.word_embeddings.weight' holds a value that is not finite"), "\(line)")
    }
  }

  /// Options to train on one example, some steps into the epoch, with a token whose embedding is all this value.
  private func commandMeeting(_ value: Float, in directory: URL) throws -> String {
    try change("model/model.safetensors", to: "broken/model.safetensors", in: directory) { data in
      try setEmbedding(of: 4, to: value, in: &data)
    }
    try change("data/train.tsv", to: "masked/train.tsv", in: directory) { data in
      let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
      data = Data((lines + ["yes [MASK] yes\tagree"]).map { $0 + "\n" }.joined().utf8)
    }
    return "--model broken --data masked --steps 70 --seed 3"
  }

  /// Overwrites a row of the word embeddings in a safetensors file.
  private func setEmbedding(of token: Int, to value: Float, in data: inout Data) throws {
    let length = data.prefix(8).withUnsafeBytes { Int(UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))) }
    let header = try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any]
    let name = try #require(header?.keys.first { $0.hasSuffix("word_embeddings.weight") })
    let tensor = try #require(header?[name] as? [String: Any])
    let start = try #require((tensor["data_offsets"] as? [Int])?.first) + 8 + length
    let width = try #require((tensor["shape"] as? [Int])?.last)
    for column in 0..<width {
      let offset = start + (token * width + column) * 4
      withUnsafeBytes(of: value.bitPattern.littleEndian) { data.replaceSubrange(offset..<offset + 4, with: $0) }
    }
  }
}
