import Testing

@Suite("The command line as a whole")
struct RootTests {
  @Test("--help says what the program does and what its exit codes mean")
  func help() throws {
    let run = try CommandLineProgram.run("--help")
    #expect(run.exitCode == 0 && run.standardError.isEmpty)
    // The list of verbs grows; what stands before it does not.
    let head = try #require(run.standardOutput.components(separatedBy: "SUBCOMMANDS:").first)
    #expect(
      head == """
        OVERVIEW: Plans what to fine-tune and what to freeze so that training fits a
        device's memory.

        Answers go to standard output, with --json as one JSON object; everything else
        goes to standard error.

        EXIT CODES:
          0    yes, or done
          1    the answer is no: infeasible, does not fit, metric lost, a check failed
          64   the command line is wrong
          65   an input is malformed
          66   an input is missing
          69   something needed is not available
          70   the program failed
          130  interrupted

        With --json, an error is the object {"error": …, "exit_code": …}.

        USAGE: permafrost <subcommand>

        OPTIONS:
          --version               Show the version.
          -h, --help              Show help information.


        """)
    for verb in [
      "devices", "calibrate", "models", "estimate", "prime", "plan", "sweep", "merge", "check", "diff",
      "verify",
      "train", "export",
    ] {
      #expect(run.standardOutput.contains("\n  \(verb) "), "\(verb) is not listed")
    }
    #expect(!run.standardOutput.contains("worker"))
  }

  @Test("without arguments the help is shown")
  func noArguments() throws {
    let run = try CommandLineProgram.run()
    #expect(run.exitCode == 0 && run.standardOutput.hasPrefix("OVERVIEW: "))
  }

  @Test("--version is a version")
  func version() throws {
    let run = try CommandLineProgram.run("--version")
    #expect(run.exitCode == 0)
    #expect(run.standardOutput.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
  }

  @Test(
    "every verb has help",
    arguments: [
      "devices", "calibrate", "models", "estimate", "prime", "plan", "sweep", "merge", "check", "diff",
      "verify",
      "train", "export",
    ])
  func verbHelp(verb: String) throws {
    let run = try CommandLineProgram.run(verb, "--help")
    #expect(run.exitCode == 0)
    #expect(run.standardOutput.contains("USAGE: permafrost \(verb)"))
    #expect(run.standardOutput.contains("--json"))
    let lines = run.standardOutput.split(separator: "\n").filter { !$0.hasPrefix("USAGE: ") }
    #expect(lines.allSatisfy { $0.count <= 80 })
  }

  @Test(
    "help names what an option is where it is not given, and that of a shared one for every verb",
    arguments: [
      ("plan", ["By default 1; 'plan' and 'sweep' decide", "trains (0)", "the most score (1)"]),
      ("estimate", ["file's own pages; 'plan' and 'sweep' decide", "By default a plan's, else keep"]),
      ("sweep", ["for each model and device (20)"]),
      ("prime", ["at least 20", "By default cheap", "By default 1; 'plan' and 'sweep' decide"]),
      (
        "verify",
        [
          "those of one epoch", "by default one", "rate (1e-4)", "from zero (0.1)", "fine-tuning (0.02)",
          "fresh tensors (0)", "(text, else sentence)", "(label)", "'multilabel' (,)",
        ]
      ),
      ("train", ["by default only at the end"]),
    ])
  func defaults(verb: String, words: [String]) throws {
    let help = try CommandLineProgram.run(verb, "--help").standardOutput
    let text = help.split { $0 == " " || $0.isNewline }.joined(separator: " ")
    for words in words { #expect(text.contains(words), "\(verb) lacks: \(words)") }
  }

  @Test("an answer that cannot be written is an error")
  func fullDisk() throws {
    let run = try CommandLineProgram.run(["devices"], output: "/dev/full")
    #expect(run.exitCode == 69)
    #expect(run.standardError == "permafrost: error: standard output: cannot write: No space left on device\n")
  }

  @Test("an error with --json is still one object on standard output, and the line on standard error")
  func errorAsJSON() throws {
    let run = try CommandLineProgram.run("devices", "toaster", "--json")
    let object = try run.object()
    let message = try #require(object["error"] as? String)
    #expect(object["exit_code"] as? Int == 64 && run.exitCode == 64 && object.count == 2)
    #expect(run.standardError == "permafrost: error: \(message)\n")
  }
}
