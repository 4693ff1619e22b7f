import Foundation
import TestSupport
import Testing

@Suite("Plans for PyTorch")
struct TrainerTests {
  /// A plan for PyTorch's memory, in `p.json`.
  private func withPlan(_ body: (URL) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      let run = try CommandLineProgram.run(
        [
          "plan", "bert-tiny", "--batch", "4", "--seq", "32", "--trainer", "pytorch", "--update-loop", "fused",
          "--saving", "keep", "--accumulate", "1", "--budget", "480MiB", "-o", "p.json",
        ], in: directory)
      #expect(run.exitCode == 0, "\(run.standardError)")
      #expect(run.standardOutput.contains("with pytorch for a budget"))
      try body(directory)
    }
  }

  private func object(_ text: String, in directory: URL) throws -> [String: Any] {
    let run = try CommandLineProgram.run(text.split(separator: " ").map(String.init), in: directory)
    return try run.object()
  }

  @Test("hold the trainer and its options, what estimate predicts for them, and a margin of the budget")
  func plan() throws {
    try withPlan { directory in
      let data = try Data(contentsOf: directory.appending(path: "p.json"))
      let plan = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      #expect(plan["trainer"] as? String == "pytorch")
      #expect((plan["trainer_options"] as? [String: Any])?["update_loop"] as? String == "fused")
      let figures = try ["predicted_peak_bytes", "runtime_bytes", "headroom_bytes", "budget_bytes"].map {
        try #require(plan[$0] as? Int)
      }
      #expect(figures[0] + figures[1] + figures[2] == figures[3])
      #expect(figures[2] * 11 >= figures[3] - 11)
      let estimate = try object("estimate bert-tiny --train p.json --json", in: directory)
      #expect(estimate["trainer"] as? String == "pytorch")
      #expect(estimate["resident_peak_bytes"] as? Int == figures[0] + figures[1])
      #expect(estimate["live_peak_bytes"] as? Int == plan["arena_bytes"] as? Int)
    }
  }

  @Test("are checked by simulating PyTorch again, or whatever trainer is named")
  func check() throws {
    try withPlan { directory in
      #expect(try object("check p.json --json", in: directory)["valid"] as? Bool == true)
      let small = try object("check p.json --budget 345MiB --json", in: directory)
      #expect(small["valid"] as? Bool == false)
      let own = try object(
        "check p.json --budget 345MiB --trainer permafrost --runtime 25MiB --json", in: directory)
      #expect(own["valid"] as? Bool == true)

      let path = directory.appending(path: "p.json")
      let text = try String(contentsOf: path, encoding: .utf8)
      try Data(text.replacing("\"fused\"", with: "\"foreach\"").utf8).write(to: path)
      let run = try CommandLineProgram.run(["check", "p.json"], in: directory)
      #expect(run.exitCode == 1 && run.standardOutput.contains("FAILED  predicted_peak_bytes"))
    }
  }

  @Test("are compared by what they decide; another trainer is shown")
  func diff() throws {
    try withPlan { directory in
      let path = directory.appending(path: "p.json")
      let text = try String(contentsOf: path, encoding: .utf8)
      try Data(text.replacing("\"trainer\" : \"pytorch\"", with: "\"trainer\" : \"pytorch-cuda\"").utf8)
        .write(to: directory.appending(path: "q.json"))
      let run = try CommandLineProgram.run(["diff", "p.json", "q.json"], in: directory)
      #expect(run.exitCode == 0 && run.standardOutput.contains("pytorch-cuda"))
    }
  }

  @Test("that cannot be, because PyTorch's process alone is more than the budget, are an answer that says so")
  func tooSmall() throws {
    let run = try CommandLineProgram.run(
      [
        "plan", "bert-tiny", "--batch", "4", "--seq", "32", "--trainer", "pytorch", "--device",
        "raspberry-pi-zero-2w",
      ])
    #expect(run.exitCode == 1 && run.errorLines.isEmpty)
    #expect(run.standardOutput.contains("the process of 'pytorch' alone takes 391.0 MiB"))
    #expect(run.standardOutput.contains("plan without '--trainer'"))
  }

  @Test("are what a sweep with the trainer gives, point by point")
  func sweep() throws {
    try withTemporaryDirectory { directory in
      let sweep = try object(
        "sweep bert-tiny --trainer pytorch --from 470MiB --to 560MiB --points 2 --batch 4 --seq 32 --saving keep --json --plans plans",
        in: directory)
      let points = try #require(sweep["points"] as? [[String: Any]])
      let series = try #require((sweep["series"] as? [[String: Any]])?.first)
      #expect(series["trainer"] as? String == "pytorch")
      for point in points {
        let plan = try #require(point["plan"] as? [String: Any])
        let (peak, budget) = (
          try #require(plan["peak_bytes"] as? Int), try #require(point["budget_bytes"] as? Int)
        )
        #expect(peak > 391 << 20 && peak * 11 <= budget * 10)
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: "plans").path)
      for name in names {
        #expect(try object("check plans/\(name) --json", in: directory)["valid"] as? Bool == true)
      }
      #expect(names.count == 2)
    }
  }
}
