import Foundation
import TestSupport
import Testing

@Suite("Interruption")
struct InterruptionTests {
  @Test("SIGINT ends a search with 130, one line, and no file")
  func interrupted() throws {
    try withTemporaryDirectory { directory in
      let arguments = [
        "plan", "bert-base-uncased", "--budget", "700MiB", "--batch", "8", "--seq", "64", "--runtime",
        "25MiB",
        "-o", "plan.json",
      ]
      let run = try CommandLineProgram.run(arguments, in: directory) { process in
        try waitUntilCaught(SIGINT, by: process.processIdentifier)
        kill(process.processIdentifier, SIGINT)
      }
      #expect(run.hasExited && run.exitCode == 130)
      #expect(run.errorLines == ["permafrost: error: interrupted"])
      #expect(run.standardOutput.isEmpty)
      #expect(try contents(of: directory).isEmpty)
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
