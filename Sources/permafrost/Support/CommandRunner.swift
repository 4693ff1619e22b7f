import ArgumentParser
import Reporting
import Units

/// Parses a command line, runs its verb, and turns whatever is thrown into one line and an exit code.
enum CommandRunner {
  /// - Returns: the exit code.
  static func run(_ arguments: [String]) -> Int32 {
    do {
      try checkVerb(arguments)
      var command = try Permafrost.parseAsRoot(arguments)
      try command.run()
      return ExitStatus.success.rawValue
    } catch {
      return report(error, isJSON: isJSON(arguments))
    }
  }

  /// What standard output says where a signal ends the process before there is an answer.
  static func answer(toInterruptionOf arguments: [String]) -> String? {
    guard isJSON(arguments) else { return nil }
    return try? FailureReport(error: "interrupted", exitCode: ExitStatus.interrupted.rawValue).json()
  }

  private static func isJSON(_ arguments: [String]) -> Bool {
    arguments.prefix { $0 != "--" }.contains("--json")
  }

  /// The parser would call an unknown verb an unexpected argument, or complain of its options first.
  private static func checkVerb(_ arguments: [String]) throws {
    let verbs = Permafrost.configuration.subcommands.compactMap { $0.configuration.commandName }
    guard let first = arguments.first, !first.hasPrefix("-"), first != "help", !verbs.contains(first) else {
      return
    }
    throw ValidationError("no command is named '\(first)'; commands are \(verbs.joined(separator: ", "))")
  }

  private static func report(_ error: any Error, isJSON: Bool) -> Int32 {
    if let code = error as? ExitCode { return code.rawValue }  // the answer was no, and has been printed
    let status: ExitStatus
    let message: String
    if let known = ExitStatus(of: error) {
      (status, message) = (known, "\(error)")
    } else if Permafrost.exitCode(for: error) == .success {
      return writeHelp(Permafrost.fullMessage(for: error))
    } else {
      let isUsage = Permafrost.exitCode(for: error) == .validationFailure
      (status, message) = (isUsage ? .usage : .internalError, Permafrost.message(for: error))
    }
    let failure = FailureReport(error: message.onOneLine, exitCode: status.rawValue)
    _ = Terminal.standardError.write(failure.text(TextStyle(.standardError)))
    if isJSON { try? StandardOutput.write((try? failure.json()) ?? "") }
    return status.rawValue
  }

  private static func writeHelp(_ text: String) -> Int32 {
    do {
      try StandardOutput.write(text + "\n")
      return ExitStatus.success.rawValue
    } catch {
      return report(error, isJSON: false)
    }
  }
}

extension String {
  /// The text with line ends and runs of spaces turned into single spaces.
  fileprivate var onOneLine: String {
    split { $0.isNewline || $0 == " " }.joined(separator: " ")
  }
}
