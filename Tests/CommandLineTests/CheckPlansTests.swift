import Foundation
import TestSupport
import Testing

@Suite("check, several plans and places")
struct CheckPlansTests {
  /// A board of one's own, with some of its figures changed.
  private static func profile(_ changes: [String: String] = [:]) -> String {
    let figures = [
      "total_memory": "200MiB", "system_reserved": "100MiB", "clean_mapped_pages_count": "true", "cores": "2",
      "memory_bandwidth": "4 GB/s", "peak_flops": "8 GFLOP/s", "storage_read": "80 MB/s", "runtime": "25MiB",
    ].merging(changes) { $1 }
    return "title: Mine\n"
      + figures.map { "\($0): {value: \($1), source: \"estimate: a test\"}\n" }.joined()
  }

  /// Runs `body` in a folder with `mine.yaml` and `p.json`, a plan for it.
  private func withPlan(_ body: (URL) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      try Data(Self.profile().utf8).write(to: directory.appending(path: "mine.yaml"))
      let run = try CommandLineProgram.run(
        [
          "plan", "bert-mini", "--device", "mine.yaml", "--batch", "4", "--seq", "32", "--saving", "keep",
          "--frozen-weights", "f32", "-o", "p.json",
        ], in: directory)
      #expect(run.exitCode == 0, "\(run.standardError)")
      try body(directory)
    }
  }

  /// The names of what failed, with the devices, plan by plan.
  private func failures(_ arguments: [String], in directory: URL) throws -> [[String]] {
    let run = try CommandLineProgram.run(["check", "--json"] + arguments, in: directory)
    let plans = try #require(try run.object()["plans"] as? [[String: Any]])
    let failed = try plans.map { plan in
      try #require(plan["checks"] as? [[String: Any]]).filter { $0["passed"] as? Bool == false }.map { check in
        "\(check["name"] ?? "")" + ((check["device"] as? String).map { " \($0)" } ?? "")
      }
    }
    #expect(run.exitCode == (failed.joined().isEmpty ? 0 : 1))
    #expect(try run.object()["valid"] as? Bool == failed.joined().isEmpty)
    return failed
  }

  @Test("every plan is checked on every device, whatever the others' fate")
  func everyPlace() throws {
    try withPlan { directory in
      let old = directory.appending(path: "old.json")
      try Data("{\"kind\": \"permafrost-plan\", \"schema\": 1}".utf8).write(to: old)
      let failed = try failures(
        ["old.json", "p.json", "--device", "stm32h7", "--device", "mine.yaml", "--runtime", "25MiB"],
        in: directory)
      #expect(failed == [["schema"], ["budget stm32h7"]])

      let text = try CommandLineProgram.run(
        ["check", "old.json", "p.json", "--device", "mine.yaml"], in: directory)
      #expect(text.exitCode == 1 && text.standardOutput.hasSuffix("\n1 of 2 plans are valid.\n"))
      #expect(text.standardOutput.contains("plan old.json\nFAILED  schema"))
    }
  }

  @Test(
    "a device's profile that changed under the plan is found",
    arguments: [
      ("cores", "4", ["device mine"]), ("system_reserved", "99MiB", ["device mine"]),
      ("runtime", "24MiB", ["device mine"]),
      ("system_reserved", "101MiB", ["device mine", "budget mine"]),
      ("clean_mapped_pages_count", "false", ["device mine"]),
      ("runtime", "90MiB", ["device mine", "budget mine"]),
    ])
  func changedProfile(figure: String, value: String, expected: [String]) throws {
    try withPlan { directory in
      try Data(Self.profile([figure: value]).utf8).write(to: directory.appending(path: "mine.yaml"))
      #expect(try failures(["p.json", "--device", "mine.yaml"], in: directory) == [expected])
    }
  }

  @Test("headroom is judged to the byte and to the share")
  func headroom() throws {
    try withPlan { directory in
      let run = try CommandLineProgram.run(
        ["check", "p.json", "--json", "--budget", "200MiB", "--runtime", "25MiB"], in: directory)
      let plans = try #require(try run.object()["plans"] as? [[String: Any]])
      let fits = try #require(plans[0]["fits"] as? [[String: Any]])
      let left = try #require(fits[0]["headroom_bytes"] as? Int)
      let needed = try #require(fits[0]["needed_bytes"] as? Int)
      #expect(left + needed == 200 << 20 && left > 0)

      func failed(_ minimum: String) throws -> [String] {
        try failures(
          ["p.json", "--budget", "200MiB", "--runtime", "25MiB", "--min-headroom", minimum], in: directory
        ).flatMap { $0 }
      }
      let percent = 100 * Double(left) / Double(200 << 20)
      for enough in ["0%", "\(left)", "\(percent - 0.001)%"] { #expect(try failed(enough) == []) }
      for tooMuch in ["\(left + 1)", "\(percent + 0.001)%", "99.9%"] {
        #expect(try failed(tooMuch) == ["minimum_headroom"])
      }
    }
  }

  @Test("a model whose tensors have other shapes is told apart by the first of them")
  func changedShape() throws {
    try withPlan { directory in
      let run = try CommandLineProgram.run(
        ["check", "p.json", "--model", "bert-tiny", "--device", "mine.yaml"], in: directory)
      let words = run.standardOutput.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(run.exitCode == 1)
      #expect(words.contains("has embeddings.word_embeddings.weight of 30522×128, not"))
    }
  }

  @Test("files are written whole or, where an input is bad, not at all")
  func files() throws {
    try withPlan { directory in
      let outputs = ["--junit", "j.xml", "--sarif", "s.sarif", "--summary", "s.md", "--runtime", "25MiB"]
      let missing = try CommandLineProgram.run(["check", "p.json", "none.json"] + outputs, in: directory)
      #expect(missing.exitCode == 66 && missing.errorLines.count == 1)
      #expect(try contents(of: directory) == ["mine.yaml", "p.json"])

      let run = try CommandLineProgram.run(["check", "p.json"] + outputs, in: directory)
      #expect(run.exitCode == 0)
      #expect(try contents(of: directory) == ["j.xml", "mine.yaml", "p.json", "s.md", "s.sarif"])
      let summary = try String(contentsOf: directory.appending(path: "s.md"), encoding: .utf8)
      #expect(summary.hasPrefix("## Permafrost: The plan is valid.\n"))
    }
  }

  @Test("annotations name the file and the line, and what the plan says of itself starts no command")
  func annotations() throws {
    try withPlan { directory in
      let file = directory.appending(path: "p.json")
      let text = try String(contentsOf: file, encoding: .utf8)
      let line = 1 + (try #require(text.split(separator: "\n").firstIndex { $0.contains("\"arena_bytes\"") }))
      var plan = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      var model = try #require(plan["model"] as? [String: Any])
      model["name"] = "x\n::error::injected\r\u{1B}[2J"
      (plan["model"], plan["arena_bytes"]) = (model, 1)
      let edited = try JSONSerialization.data(
        withJSONObject: plan, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
      try edited.write(to: file)

      let run = try CommandLineProgram.run(
        ["check", "./p.json", "--budget", "150MiB", "--runtime", "25MiB", "--annotate", "github"], in: directory
      )
      let lines = run.standardOutput.split(whereSeparator: \.isNewline)
      #expect(run.exitCode == 1 && !run.standardOutput.contains("\u{1B}"))
      #expect(
        lines[0].hasPrefix(
          "::error file=p.json,line=\(line),title=permafrost%3A arena_bytes::the plan says 1 B"))
      let stop = try #require(lines.firstIndex { $0.hasPrefix("::stop-commands::") })
      let token = lines[stop].dropFirst("::stop-commands::".count)
      #expect(token.count >= 32 && lines.last == "::\(token)::")
      #expect(lines.filter { $0.hasPrefix("::") }.count == stop + 2)

      let both = try CommandLineProgram.run(
        ["check", "p.json", "--annotate", "github", "--json"], in: directory)
      #expect(both.exitCode == 64 && both.errorLines.count == 1)
    }
  }
}
