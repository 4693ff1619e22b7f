import Foundation
import TestSupport
import Testing

@Suite("check")
struct CheckTests {
  /// The plan that all tests change: made once.
  private static let plan = Result {
    try withTemporaryDirectory { directory in
      _ = try CommandLineProgram.run(smallPlan + ["-o", "p.json"], in: directory)
      return try Data(contentsOf: directory.appending(path: "p.json"))
    }
  }

  /// Names of the checks that failed for the plan after `edit`.
  private func failures(
    _ arguments: [String] = [], edit: (inout [String: Any]) throws -> Void = { _ in }
  ) throws -> (names: [String], run: Run) {
    try withTemporaryDirectory { directory in
      var plan = try #require(try JSONSerialization.jsonObject(with: Self.plan.get()) as? [String: Any])
      try edit(&plan)
      try JSONSerialization.data(withJSONObject: plan).write(to: directory.appending(path: "p.json"))
      let run = try CommandLineProgram.run(
        ["check", "p.json", "--runtime", "25MiB", "--json"] + arguments, in: directory)
      guard let plans = try run.object()["plans"] as? [[String: Any]] else { return ([], run) }
      let checks = try #require(plans.first?["checks"] as? [[String: Any]])
      let failed = checks.filter { $0["passed"] as? Bool == false }.compactMap { $0["name"] as? String }
      #expect(try run.object()["valid"] as? Bool == failed.isEmpty)
      #expect(run.exitCode == (failed.isEmpty ? 0 : 1) && run.standardError.isEmpty)
      return (failed, run)
    }
  }

  @Test(
    "a plan as it was made is valid, for its model and with all the memory it was made for",
    arguments: [
      [], ["--model", "bert-mini"], ["--model", "prajjwal1/bert-mini"], ["--budget", "100MiB"],
      ["--device", "laptop-4gb"], ["--device", "raspberry-pi-zero-2w"],
    ])
  func valid(arguments: [String]) throws {
    #expect(try failures(arguments).names == [])
  }

  @Test("what the program measures of itself later stays within what it planned with")
  func measured() throws {
    try withTemporaryDirectory { directory in
      let plan = [
        "plan", "bert-mini", "--budget", "100MiB", "--batch", "4", "--seq", "32", "--threads", "2", "-o",
        "p.json",
      ]
      #expect(try CommandLineProgram.run(plan, in: directory).exitCode == 0)
      let run = try CommandLineProgram.run(["check", "p.json"], in: directory)
      #expect(run.exitCode == 0 && run.standardOutput.hasSuffix("The plan is valid.\n"))
    }
  }

  @Test(
    "a plan for another model, less memory or a smaller device is not valid",
    arguments: [
      (["--model", "bert-tiny"], "model"), (["--model", "distilbert-base-uncased"], "model"),
      (["--budget", "60MiB"], "budget"), (["--device", "stm32h7"], "budget"),
    ])
  func otherPlace(arguments: [String], name: String) throws {
    #expect(try failures(arguments).names == [name])
  }

  @Test(
    "a figure that was changed is found",
    arguments: [
      ("predicted_peak_bytes", 12_345_678), ("arena_bytes", 0), ("mapped_bytes", 64),
      ("trainable_parameters", 1),
      ("headroom_bytes", 1), ("runtime_bytes", 0), ("budget_bytes", 1 << 60), ("runtime_bytes", 1 << 60),
      ("headroom_bytes", -(1 << 60)), ("arena_bytes", 1 << 60), ("objective", 2),
    ])
  func figures(name: String, value: Int) throws {
    let failed = try failures { $0[name] = value }.names
    let expected = [
      "runtime_bytes": "headroom_bytes", "budget_bytes": "headroom_bytes", "objective": "certificate",
    ]
    #expect(failed.contains(expected[name] ?? name), "found: \(failed)")
  }

  @Test(
    "a score that the plan's own figures do not bear out is found",
    arguments: [
      (["objective": 0.1], "leave a gap of 0.9, not 0.0"), (["gap": 0.9], "leave a gap of 0.0, not 0.9"),
      (["gap": 1e308], "are not all shares"), (["gap": -0.5], "are not all shares"),
      (["bound": 0.5], "more than the bound"), (["objective": 0.9], "leave a gap"),
      (["objective": 0.9, "gap": 0.1], "'optimal' allows a gap of 1e-06, not 0.1"),
    ])
  func certificate(figures: [String: Double], words: String) throws {
    let (names, run) = try failures { plan in
      plan.merge(["status": "optimal", "scores": "given"]) { $1 }
      plan.merge(["objective": 1, "bound": 1, "gap": 0]) { $1 }
      plan.merge(figures) { $1 }
    }
    #expect(names == ["certificate"] && run.standardOutput.contains(words), "\(run.standardOutput)")
  }

  @Test("a share of the prior that the plan's decisions do not capture is found, however sound it looks")
  func forged() throws {
    let (names, run) = try failures {
      $0.merge(["status": "optimal", "objective": 0.25, "bound": 0.25, "gap": 0]) { $1 }
    }
    #expect(names == ["objective"] && run.standardOutput.contains("the plan says 25.0 % of the prior"))
  }

  @Test("a status that allows the gap is believed, and one that does not is not")
  func status() throws {
    func failures(_ status: String, gap: Double) throws -> [String] {
      try self.failures { plan in
        plan.merge(["status": status, "objective": 1 - gap, "bound": 1.0, "gap": gap]) { $1 }
        plan["scores"] = "given"
      }.names
    }
    #expect(
      try failures("within_gap", gap: 0.0005) == [] && failures("within_gap", gap: 0.002) == ["certificate"])
    for status in ["quicker", "not_proven", "given"] { #expect(try failures(status, gap: 0.5) == []) }
  }

  @Test(
    "a number of bytes that cannot be one is a malformed file, not a sum that overflows",
    arguments: [
      ("predicted_peak_bytes", Int.max), ("budget_bytes", .max), ("runtime_bytes", .max), ("arena_bytes", .min),
      ("headroom_bytes", .min),
    ])
  func impossibleBytes(name: String, value: Int) throws {
    let run = try failures { $0[name] = value }.run
    #expect(run.hasExited && run.exitCode == 65 && run.errorLines.count == 1)
    #expect(run.standardError.contains("\(name): \(value) is not within"), "said: \(run.standardError)")
  }

  @Test(
    "a shape that was changed is found, however large",
    arguments: [
      ("batch", 5), ("batch", 999_999_999_999), ("sequence", 64), ("sequence", 513), ("threads", 3_000_000),
    ])
  func shapes(name: String, value: Int) throws {
    let failed = try failures { plan in
      var recipe = try #require(plan["recipe"] as? [String: Any])
      recipe[name] = value
      plan["recipe"] = recipe
    }.names
    let isPossible = name == "batch" && value == 5 || value == 64
    #expect(failed.contains(isPossible ? "predicted_peak_bytes" : "shape"), "found: \(failed)")
  }

  @Test("decisions that were changed are found")
  func decisions() throws {
    #expect(try failures { $0["retained_nodes"] = [1, 2, 3, 5000] }.names == ["selection"])
    #expect(try failures { $0["retained_nodes"] = [0] }.names == ["selection"])
    #expect(try failures { $0["learner_nodes"] = [[-1], [], [], []] }.names == ["selection"])
    #expect(try failures { $0["trainable"] = ["no.such.tensor"] }.names == ["selection"])
    let twice = try failures { plan in
      let names = try #require(plan["trainable"] as? [String])
      plan["trainable"] = names + [names[0]]
    }
    #expect(twice.names == ["selection"])
    let withoutHead = try failures { plan in
      plan["trainable"] = (plan["trainable"] as? [String])?.filter { !$0.hasPrefix("classifier.") }
    }
    #expect(withoutHead.names.contains("trainable_parameters") && withoutHead.names.contains("arena_bytes"))
    #expect(try failures { $0["feasible"] = false }.names == ["headroom_bytes"])
    #expect(try failures { $0["device"] = "stm32h7" }.names == ["device"])
  }

  @Test("a plan that its trainer cannot carry out is found")
  func target() throws {
    #expect(try failures { $0["target"] = "torchtune" }.names == ["target"])
    #expect(try failures { $0["target"] = "tiny-training" }.names == ["target"])
    let unknown = try failures { $0["target"] = "keros" }
    #expect(unknown.names == ["target"] && unknown.run.standardOutput.contains("use one of: pytorch, "))
    let recipe = try failures { $0["target"] = "executorch" }
    #expect(recipe.names == ["target"] && recipe.run.standardOutput.contains("no optimizer 'adamw'"))
  }

  @Test("a plan of another schema fails with the reason, and is not read any further", arguments: [1, 99])
  func schema(number: Int) throws {
    let (names, run) = try failures { plan in
      plan = ["kind": "permafrost-plan", "schema": number, "what": "it holds is unknown"]
    }
    #expect(names == ["schema"] && run.exitCode == 1)
    #expect(run.standardOutput.contains("schema \(number), but this program reads schema 2"))
  }

  @Test("another model's identity or configuration is found")
  func identity() throws {
    func edit(_ change: @escaping (inout [String: Any]) -> Void) throws -> [String] {
      try failures { plan in
        var model = try #require(plan["model"] as? [String: Any])
        change(&model)
        plan["model"] = model
      }.names
    }
    #expect(try edit { $0["identity"] = String(repeating: "0", count: 64) } == ["model"])
    #expect(
      try edit { model in
        var configuration = model["configuration"] as? [String: Any] ?? [:]
        configuration["hidden_size"] = 512
        configuration["embedding_size"] = 512
        model["configuration"] = configuration
      } == ["model"])
  }

  @Test(
    "a file that is no plan of this program's is malformed, and says why",
    arguments: [
      ("kind", "permafrost-scores", "not a permafrost-plan file"),
      ("recipe", "", "'recipe' is missing"), ("retained_nodes", "", "'retained_nodes' is missing"),
      ("batch", "0", "must be positive"),
    ])
  func malformed(key: String, value: String, word: String) throws {
    let run = try failures { plan in
      if key == "batch" {
        var recipe = try #require(plan["recipe"] as? [String: Any])
        recipe["batch"] = 0
        plan["recipe"] = recipe
      } else {
        plan[key] = value.isEmpty ? nil : Int(value).map { $0 as Any } ?? value
      }
    }.run
    #expect(run.exitCode == 65 && run.errorLines.count == 1)
    #expect(run.standardError.contains(word), "said: \(run.standardError)")
  }
}
