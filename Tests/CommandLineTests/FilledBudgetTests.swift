import TestSupport
import Testing

@Suite("Plans that fill their budgets, verified")
struct FilledBudgetTests {
  /// The planner fills budgets; what it holds back for the program itself is all the room there is.
  @Test(
    "stay within them, by the kernel's figure for the whole process", arguments: ["66MiB", "72MiB", "80MiB"])
  func verified(budget: String) throws {
    try withTemporaryDirectory { directory in
      let plan = try CommandLineProgram.run(
        [
          "plan", "bert-mini", "--budget", budget, "--batch", "8", "--seq", "32", "--threads", "2", "-o",
          "plan.json", "--json", "-q",
        ], in: directory)
      #expect(plan.exitCode == 0, "\(plan.standardError)")
      let headroom = try #require(try plan.object()["headroom_bytes"] as? Int)
      #expect(headroom < 1 << 20)
      let run = try CommandLineProgram.run(
        ["verify", "plan.json", "--weights", "random", "--steps", "3", "--json", "-q"], in: directory)
      #expect(run.exitCode == 0, "\(run.standardOutput)\(run.standardError)")
      let report = try run.object()
      let peak = try #require(report["resident_peak_bytes"] as? Int)
      #expect(peak <= (try #require(report["budget_bytes"] as? Int)))
    }
  }
}
