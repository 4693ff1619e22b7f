import Foundation
import TestSupport
import Testing

@Suite("plan")
struct PlanTests {
  @Test("the file and the JSON answer are the same plan, with the promised names")
  func planFile() throws {
    try withTemporaryDirectory { directory in
      let run = try CommandLineProgram.run(smallPlan + ["-o", "p.json", "--json"], in: directory)
      #expect(run.exitCode == 0 && run.standardError.isEmpty)
      #expect(try contents(of: directory) == ["p.json"])
      #expect(
        try String(contentsOf: directory.appending(path: "p.json"), encoding: .utf8) == run.standardOutput)

      let plan = try run.object()
      for name in ["objective", "bound", "gap", "solve_seconds"] {
        #expect(plan[name] is Double, "\(name) is no number")
      }
      #expect(plan["feasible"] as? Bool == true)
      #expect(["optimal", "within_gap", "not_proven"].contains(plan["status"] as? String))
      #expect((plan["trainable"] as? [String])?.contains("classifier.weight") == true)
      #expect((plan["retained_nodes"] as? [Int])?.count == 4)
      let figures = try ["predicted_peak_bytes", "runtime_bytes", "budget_bytes", "headroom_bytes"].map {
        try #require(plan[$0] as? Int)
      }
      #expect(figures[0] + figures[1] + figures[3] == figures[2] && figures[3] >= 0)
      #expect(figures[2] == 100 << 20 && figures[1] == 25 << 20)
    }
  }

  @Test("the linear program that was solved is written in LP format, with a column for every way to train")
  func dumpedModel() throws {
    try withTemporaryDirectory { directory in
      let arguments = [
        "plan", "bert-tiny", "--batch", "16", "--seq", "64", "--runtime", "0", "--budget", "24MiB",
        "--saving", "keep", "--accumulate", "1", "--dump-model", "m.lp",
      ]
      #expect(try CommandLineProgram.run(arguments, in: directory).exitCode == 0)
      let text = try String(contentsOf: directory.appending(path: "m.lp"), encoding: .utf8)
      #expect(text.contains("Maximize") && text.hasSuffix("End\n"))
      #expect(text.contains("layer.1.query.full") && text.contains("live."))
    }
  }

  @Test("pins are kept, and the text says what each kind captures and what more memory would buy")
  func pins() throws {
    let run = try CommandLineProgram.run(
      ["plan", "bert-tiny", "--batch", "16", "--seq", "64", "--runtime", "0", "--budget", "24MiB"]
        + ["--saving", "keep", "--accumulate", "1"]
        + ["--freeze", "*.query.*", "--train", "*.1.attention.self.key.*", "--min-retention", "5"])
    #expect(run.exitCode == 0, "\(run.standardError)")
    for word in ["frees if frozen", "at the peak", "10 MiB more"] {
      #expect(run.standardOutput.contains(word), "\(word) is not said")
    }
    #expect(!run.standardOutput.split(separator: "\n").contains { $0.hasPrefix("query ") })
  }

  @Test("the text shows what trains, the peak, the headroom, the certificate, and that nothing was measured")
  func text() throws {
    let run = try CommandLineProgram.run(smallPlan)
    let lines = run.standardOutput.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 80 && $0.last != " " })
    #expect(lines.contains { $0.hasPrefix("layer  query  key") })
    for word in ["predicted peak", "headroom", "a prior", "certificate", "runtime", "above pooler"] {
      #expect(run.standardOutput.contains(word), "\(word) is not said")
    }
  }

  @Test("more memory captures more")
  func monotone() throws {
    let objectives = try ["80MiB", "120MiB", "400MiB"].map { budget in
      let run = try CommandLineProgram.run(smallPlan + ["--budget", budget, "--json"])
      return try #require(try run.object()["objective"] as? Double)
    }
    #expect(objectives[0] <= objectives[1] && objectives[1] <= objectives[2] && objectives[2] == 1)
  }

  @Test("frozen weights are held in fewer bits where more is captured so, unless a format is given")
  func formats() throws {
    func planned(_ arguments: String...) throws -> (captured: Double, format: String) {
      let answer = try CommandLineProgram.run(smallPlan + ["--budget", "70MiB", "--json"] + arguments).object()
      let recipe = try #require(answer["recipe"] as? [String: Any])
      return (try #require(answer["objective"] as? Double), try #require(recipe["frozen_weights"] as? String))
    }
    let (open, whole) = (try planned(), try planned("--frozen-weights", "f32"))
    #expect(open.format == "int8" && whole.format == "f32" && open.captured > whole.captured)
    let asked = try planned("--frozen-formats", "f32,bf16")
    #expect(asked.format == "bf16" && asked.captured > whole.captured && asked.captured < open.captured)
    #expect(try planned("--budget", "400MiB").format == "f32")
  }

  @Test("where nothing fits the answer is no, with the smallest budget, and writes no file")
  func infeasible() throws {
    try withTemporaryDirectory { directory in
      let arguments = smallPlan + ["--budget", "36MiB", "-o", "p.json"]
      let run = try CommandLineProgram.run(arguments + ["--json"], in: directory)
      #expect(run.exitCode == 1 && run.standardError.isEmpty)
      #expect(try contents(of: directory).isEmpty)
      let answer = try run.object()
      #expect(answer["feasible"] as? Bool == false)
      #expect(
        answer["kind"] as? String == "permafrost-infeasibility" && answer["runtime_bytes"] as? Int == 25 << 20)
      let smallest = try #require(answer["smallest_feasible_budget_bytes"] as? Int)
      let changes = try #require(answer["changes"] as? [[String: Any]])
      #expect(changes.contains { ($0["change"] as? String)?.contains("bert-tiny") == true })
      #expect(changes.contains { ($0["change"] as? String)?.hasPrefix("--mapped-free") == true })

      // The smallest budget is exactly that.
      #expect(try CommandLineProgram.run(smallPlan + ["--budget", "\(smallest)"]).exitCode == 0)
      #expect(try CommandLineProgram.run(smallPlan + ["--budget", "\(smallest - 1)"]).exitCode == 1)

      let text = try CommandLineProgram.run(arguments, in: directory)
      #expect(
        text.exitCode == 1 && text.standardOutput.hasPrefix("Infeasible: bert-mini does not train in 36.0 MiB"))
      #expect(text.standardOutput.contains("What binds, in "))
      #expect(text.standardOutput.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
  }

  @Test("a budget below the program's own share is told the smallest budget and the changes, too")
  func programAlone() throws {
    let run = try CommandLineProgram.run(smallPlan + ["--budget", "20MiB"])
    #expect(run.exitCode == 1)
    #expect(run.standardOutput.hasPrefix("Infeasible: the process of 'permafrost' alone takes 25.0 MiB"))
    #expect(run.standardOutput.contains("The smallest budget that would do is "))
    #expect(run.standardOutput.contains("the smaller model bert-tiny"))
  }

  @Test("a limit of time or energy is kept, told with the device's time, written down, and checked again")
  func limited() throws {
    try withTemporaryDirectory { directory in
      func run(_ text: String) throws -> Run {
        try CommandLineProgram.run(text.split(separator: " ").map(String.init), in: directory)
      }
      let plan = "plan bert-mini --device raspberry-pi-zero-2w --batch 4 --seq 32 --runtime 25MiB -q"
      let free = try run("\(plan) --json").object()["time"] as? [String: Any]
      let joules = try #require(free?["joules"] as? Double)
      #expect(free?["maximum_seconds"] == nil && free?["basis"] as? String == "peak rates")
      let text = try run("\(plan) --max-step-joules \(joules / 2) -o p.json")
      #expect(text.exitCode == 0 && text.standardOutput.contains("on raspberry-pi-zero-2w"))
      #expect(text.standardOutput.contains(" are allowed"))
      let path = directory.appending(path: "p.json")
      var file = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any])
      var time = try #require(file["time"] as? [String: Any])
      #expect(try #require(time["joules"] as? Double) <= joules / 2)
      let check = "check p.json --device raspberry-pi-zero-2w --runtime 25MiB"
      let kept = try run(check)
      #expect(kept.exitCode == 0 && kept.standardOutput.contains("ok  time "))
      time["maximum_seconds"] = try #require(time["seconds"] as? Double) * 0.99
      file["time"] = time
      try JSONSerialization.data(withJSONObject: file).write(to: path)
      let broken = try run("\(check) --json").object()["plans"] as? [[String: Any]]
      let failed = (broken?.first?["checks"] as? [[String: Any]])?.filter { $0["passed"] as? Bool == false }
      #expect(failed?.compactMap { $0["name"] as? String } == ["time"])
      let none = try run("\(plan) --max-step-joules 0.0001")
      let words = none.standardOutput.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
      #expect(none.exitCode == 1 && words.contains("'--max-step-joules 0.0001' allows"))
    }
  }

  @Test("a linear program that was not needed is said to be missing, and costs neither the plan nor the answer")
  func noProgram() throws {
    try withTemporaryDirectory { directory in
      let plan = [
        "plan", "bert-tiny", "--batch", "4", "--seq", "32", "--runtime", "25MiB", "--dump-model", "m.lp",
      ]
      let all = try CommandLineProgram.run(plan + ["--budget", "1GiB", "-o", "p.json"], in: directory)
      #expect(all.exitCode == 0 && all.standardError.contains("nothing had to be solved"))
      #expect(try contents(of: directory) == ["p.json"])
      let none = try CommandLineProgram.run(plan + ["--budget", "26MiB"], in: directory)
      #expect(none.exitCode == 1 && none.standardError.contains("nothing fits, so there is no linear program"))
    }
  }

  @Test("where mapped pages cost nothing, less is enough")
  func mappedFree() throws {
    let run = try CommandLineProgram.run(smallPlan + ["--budget", "40MiB", "--mapped-free", "--json"])
    #expect(run.exitCode == 0)
    let plan = try run.object()
    let arena = try #require(plan["arena_bytes"] as? Int)
    #expect(plan["headroom_bytes"] as? Int == 15 << 20 - arena)
    #expect(plan["mapped_free"] as? Bool == true)
  }

  @Test("a device gives budget, threads and its name")
  func device() throws {
    let run = try CommandLineProgram.run(
      "plan", "bert-tiny", "--device", "raspberry-pi-3b-plus", "--batch", "4", "--seq", "32", "--task", "stsb",
      "--json",
      "--saving", "cheap", "--runtime", "30MiB")
    let plan = try run.object()
    #expect(plan["device"] as? String == "raspberry-pi-3b-plus" && plan["task"] as? String == "stsb")
    #expect(plan["budget_bytes"] as? Int == 835 << 20)
    let recipe = try #require(plan["recipe"] as? [String: Any])
    #expect(recipe["threads"] as? Int == 4 && recipe["saving"] as? String == "cheap")
  }
}
