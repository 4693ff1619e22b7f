import ArgumentParser

struct Permafrost: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "permafrost",
    abstract: "Plans what to fine-tune and what to freeze so that training fits a device's memory.",
    discussion: """
      Answers go to standard output, with --json as one JSON object; everything else goes to standard error.

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
      """,
    version: "0.1.0",
    subcommands: [
      DevicesCommand.self, CalibrateCommand.self, ModelsCommand.self, EstimateCommand.self,
      PrimeCommand.self, PlanCommand.self,
      SweepCommand.self, MergeCommand.self, CheckCommand.self, DiffCommand.self, VerifyCommand.self,
      TrainCommand.self, ExportCommand.self,
    ])
}
