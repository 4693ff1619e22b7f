import ArgumentParser
import Training

/// What a run does between its steps: evaluates, and writes what is needed to go on later.
struct RunOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Evaluate every n steps too; by default only at the end.", valueName: "n"),
    transform: Accepted.count(Accepted.steps))
  var evaluateEvery = 0

  @Option(help: "Which weights to save: the last ones, or those of the best evaluation (last, best).")
  var keep = TrainingSettings.Keeping.last

  @Option(
    help: ArgumentHelp(
      "A folder for checkpoints of the run; with '--checkpoint-every' alone, the output's name and '.checkpoints'.",
      valueName: "dir"))
  var checkpoints: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps between checkpoints of the run; by default a tenth of all.", valueName: "n"),
    transform: Accepted.count(Accepted.steps))
  var checkpointEvery: Int?

  @Option(help: ArgumentHelp("Go on from the newest checkpoint in the folder.", valueName: "dir"))
  var resume: String?

  func validate() throws {
    if keep == .best, evaluateEvery == 0 {
      throw ValidationError("'--keep best' has one evaluation to choose from; give '--evaluate-every' too")
    }
    if resume != nil, checkpoints != nil {
      throw ValidationError("'--resume' goes on in its own folder; leave '--checkpoints' out")
    }
  }

  /// The folder of the run's checkpoints, or nil where none are wanted.
  ///
  /// - Parameter output: the folder of the result, beside which it lies unless it is named.
  func folder(beside output: String) -> String? {
    if let folder = resume ?? checkpoints { return folder }
    return checkpointEvery != nil || keep == .best ? output + ".checkpoints" : nil
  }
}

extension TrainingSettings.Keeping: ExpressibleByArgument {}
