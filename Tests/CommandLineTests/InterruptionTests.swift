import Foundation
import TestSupport
import Testing

@Suite("Interruption")
struct InterruptionTests {
  /// A plan with every recipe open, long enough to be interrupted.
  private static let longPlan = [
    "plan", "bert-base-uncased", "--budget", "800MiB", "--batch", "16", "--seq", "128", "--threads", "2",
    "--runtime", "25MiB", "-o", "plan.json",
  ]

  @Test("SIGINT before any plan is known ends with 130, one line, and no file")
  func interrupted() throws {
    try withTemporaryDirectory { directory in
      // From its first moments on: whether it was planning already decides the words only.
      let run = try CommandLineProgram.run(Self.longPlan, in: directory) { process in
        try waitUntilCaught(SIGINT, by: process.processIdentifier)
        kill(process.processIdentifier, SIGINT)
      }
      #expect(run.hasExited && run.exitCode == 130)
      let words = [
        "permafrost: error: interrupted",
        "permafrost: error: interrupted before there was an answer; nothing was written",
      ]
      #expect(run.errorLines.count == 1 && words.contains { run.errorLines == [$0[...]] }, "\(run.errorLines)")
      #expect(run.standardOutput.isEmpty)
      #expect(try contents(of: directory).isEmpty)
    }
  }

  @Test(
    "SIGINT before there is an answer gives programs that read it one JSON object",
    arguments: [
      longPlan,
      ["sweep", "bert-base-uncased", "--batch", "16", "--seq", "128", "--threads", "2", "--runtime", "25MiB"],
    ])
  func interruptedObject(arguments: [String]) throws {
    try withTemporaryDirectory { directory in
      let run = try CommandLineProgram.run(arguments + ["--json"], in: directory) { process in
        try waitUntilCaught(SIGINT, by: process.processIdentifier)
        kill(process.processIdentifier, SIGINT)
      }
      #expect(run.hasExited && run.exitCode == 130)
      let object = try run.object()
      #expect(
        object["exit_code"] as? Int == 130 && (object["error"] as? String)?.hasPrefix("interrupted") == true)
      #expect(try contents(of: directory).isEmpty)
    }
  }

  @Test("SIGINT while plans are searched gives the best so far, which says of itself that it was interrupted")
  func bestSoFar() throws {
    try withTemporaryDirectory { directory in
      let run = try CommandLineProgram.run(Self.longPlan, in: directory) { process in
        waitUntilPlanning(process)
        kill(process.processIdentifier, SIGINT)
      }
      #expect(run.hasExited && run.exitCode == 0, "\(run.standardError)")
      #expect(try contents(of: directory) == ["plan.json"])
      let file = try Data(contentsOf: directory.appending(path: "plan.json"))
      let plan = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
      #expect(plan["feasible"] as? Bool == true && (plan["headroom_bytes"] as? Int ?? -1) >= 0)
      // On a machine so quick that nothing was left to interrupt, it never said that it was planning.
      guard run.standardError.contains("planning: ") else { return }
      #expect(plan["termination"] as? String == "interrupted" && plan["status"] as? String == "not_proven")
      #expect(plan["bound"] as? Double == 1)
      #expect(run.standardOutput.contains("not proven: interrupted"))
      #expect(!run.standardOutput.contains("10 MiB more"))
    }
  }

  @Test("SIGINT again ends the process at once with 130, and a file is whole or absent")
  func twice() throws {
    try withTemporaryDirectory { directory in
      let run = try CommandLineProgram.run(Self.longPlan, in: directory) { process in
        waitUntilPlanning(process)
        // Signals that come close together may count as one.
        while process.isRunning {
          kill(process.processIdentifier, SIGINT)
          usleep(1000)
        }
      }
      // As above.
      guard run.standardError.contains("planning: ") else { return }
      #expect(run.hasExited && run.exitCode == 130)
      #expect(run.errorLines.last == "permafrost: error: interrupted")
      #expect(run.standardOutput.isEmpty)
      for name in try contents(of: directory) {
        #expect(name == "plan.json")
        let file = try Data(contentsOf: directory.appending(path: name))
        let plan = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
        #expect(plan["termination"] as? String == "interrupted")
      }
    }
  }

  @Test("SIGINT during a sweep gives the points that are done, as the sweep of their budgets")
  func sweep() throws {
    try withTemporaryDirectory { directory in
      let run = try CommandLineProgram.run(
        [
          "sweep", "bert-base-uncased", "--batch", "16", "--seq", "128", "--threads", "2", "--runtime", "25MiB",
          "--jobs", "1", "--points", "1000", "--plans", "plans", "-o", "sweep.json",
        ], in: directory
      ) { process in
        waitUntilPlanning(process)
        kill(process.processIdentifier, SIGINT)
      }
      #expect(run.hasExited && run.exitCode == 0, "\(run.standardError)")
      let note = try #require(run.errorLines.last.map { $0.split(separator: " ") })
      #expect(
        note.prefix(2) == ["permafrost:", "interrupted:"] && note.dropFirst(3).prefix(2) == ["of", "1000"])
      let file = try Data(contentsOf: directory.appending(path: "sweep.json"))
      let sweep = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
      let points = try #require(sweep["points"] as? [[String: Any]])
      let series = try #require(sweep["series"] as? [[String: Any]])
      #expect("\(points.count)" == note[2] && points.count < 1000)
      #expect(points.map { $0["budget_bytes"] as? Int } == (series[0]["budgets_bytes"] as? [Int] ?? []))
      // Read as any other.
      #expect(try CommandLineProgram.run(["merge", "sweep.json"], in: directory).exitCode == 0)
      #expect(try contents(of: directory.appending(path: "plans")).count == points.count)
    }
  }

  @Test("SIGINT while the program measures itself is told once, by the parent")
  func interruptedChild() throws {
    let arguments = ["estimate", "bert-tiny", "--batch", "4", "--seq", "32", "--threads", "64"]
    let run = try CommandLineProgram.run(arguments) { process in
      try waitUntilCaught(SIGINT, by: process.processIdentifier)
      usleep(30_000)
      kill(process.processIdentifier, SIGINT)
    }
    #expect(run.hasExited && run.exitCode == 130)
    #expect(run.errorLines == ["permafrost: error: interrupted"])
  }

  /// Waits until the process says that it plans, or ends.
  private func waitUntilPlanning(_ process: Process) {
    let errors = "/proc/\(process.processIdentifier)/fd/2"
    while process.isRunning,
      (try? String(contentsOfFile: errors, encoding: .utf8))?.contains("planning: ") != true
    {
      usleep(1000)
    }
  }

  /// Waits until the process has a handler for the signal: the bits of `SigCgt` in `/proc/PID/status`.
  private func waitUntilCaught(_ signal: Int32, by process: pid_t) throws {
    for _ in 0..<3000 {
      let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
      let mask = line.flatMap { UInt64($0.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) } ?? 0
      if mask >> UInt64(signal - 1) & 1 == 1 { return }
      usleep(10_000)
    }
    Issue.record("the program never installed a handler")
  }
}
