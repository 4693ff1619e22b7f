import Foundation
import TestSupport
import Testing

@Suite("calibrate")
struct CalibrateTests {
  @Test("what it writes is a device profile that devices shows and estimates predict by")
  func profile() throws {
    try withTemporaryDirectory { directory in
      let run = try CommandLineProgram.run(
        ["calibrate", "--quick", "--threads", "2", "--name", "My board", "-o", "board.yaml", "--json", "-q"],
        in: directory)
      #expect(run.exitCode == 0 && run.standardError == "")
      #expect(try contents(of: directory) == ["board.yaml"])
      let device = try #require(try run.object()["device"] as? [String: Any])
      let shown = try CommandLineProgram.run(["devices", "board.yaml", "--json"], in: directory).object()
      #expect(shown["title"] as? String == "My board" && shown["cores"] as? Int == 2)
      for name in ["total_memory_bytes", "system_reserved_bytes", "runtime_bytes"] {
        #expect(shown[name] as? Int == device[name] as? Int && (shown[name] as? Int ?? 0) > 0, "\(name)")
      }
      let kernels = try #require(shown["kernels"] as? [String: Any])
      for name in [
        "linear", "linear int8", "attention backward", "gelu", "update adamw", "table update adafactor",
      ] {
        #expect(kernels[name] != nil, "\(name)")
      }
      let sources = try #require(shown["sources"] as? [String: String])
      #expect(sources["peak_flops"]?.hasPrefix("measured: ") == true)

      let shape = ["bert-mini", "--batch", "4", "--seq", "32", "--device", "board.yaml"]
      let text = try CommandLineProgram.run(["estimate"] + shape, in: directory).standardOutput
      #expect(text.contains("about") && text.contains("measured there") && text.contains("device's profile"))
      let object = try CommandLineProgram.run(["estimate"] + shape + ["--json"], in: directory).object()
      #expect(object["estimate_basis"] as? String == "measured rates")
      #expect(object["estimated_step_seconds"] as? Double ?? 0 > 0)
    }
  }

  @Test("without a file the profile itself is the answer")
  func answer() throws {
    try withTemporaryDirectory { directory in
      let run = try CommandLineProgram.run(["calibrate", "--quick", "--threads", "1", "-q"], in: directory)
      #expect(run.exitCode == 0)
      #expect(try contents(of: directory) == [])
      try Data(run.standardOutput.utf8).write(to: directory.appending(path: "board.yaml"))
      let shown = try CommandLineProgram.run(["devices", "board.yaml"], in: directory)
      #expect(shown.exitCode == 0 && shown.standardOutput.contains("too rough to predict with"))
    }
  }

  @Test("data sheets' rates are still called an estimate from below")
  func dataSheet() throws {
    let object = try CommandLineProgram.run(
      "estimate", "bert-mini", "--batch", "4", "--seq", "32", "--device", "laptop-4gb", "--runtime", "25MiB",
      "--json"
    ).object()
    #expect(object["estimate_basis"] as? String == "peak rates")
  }

  @Test(
    "a file that could not be given to --device, or not be written, is refused before measuring",
    arguments: [("board.txt", 64), ("/nonexistent/board.yaml", 69)])
  func refuses(file: String, code: Int32) throws {
    let run = try CommandLineProgram.run("calibrate", "-o", file)
    #expect(
      run.exitCode == code && run.errorLines.count == 1 && run.standardOutput == "", "\(run.standardError)")
  }

  @Test("OpenBLAS is not needed where products are our own; where it is and is missing, that is said")
  func missingBLAS() throws {
    try withTemporaryDirectory { directory in
      // What the loader finds first, and cannot load.
      try Data().write(to: directory.appending(path: "libopenblas.so.0"))
      let path = CommandLineProgram.environment["LD_LIBRARY_PATH"] ?? ""
      var variables = ["LD_LIBRARY_PATH": "\(directory.path):\(path)", "PERMAFROST_GEMM": "openblas"]
      let arguments = ["calibrate", "--quick", "--threads", "1", "-q", "-o", "board.yaml"]
      let refused = try CommandLineProgram.run(arguments, in: directory, with: variables)
      #expect(refused.exitCode == 69)
      #expect(
        refused.errorLines == [
          "permafrost: error: cannot load OpenBLAS (libopenblas.so.0), which this processor needs; "
            + "install it, on Debian with 'apt install libopenblas0'"
        ])
      #expect(try contents(of: directory) == ["libopenblas.so.0"])
      // Nor by what does not multiply.
      variables["PERMAFROST_GEMM"] = ""
      #expect(try CommandLineProgram.run(["devices"], in: directory, with: variables).exitCode == 0)
    }
  }
}
