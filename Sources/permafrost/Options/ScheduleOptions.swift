import ArgumentParser
import Tasks
import Training

/// How long and how fast to train.
struct ScheduleOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Optimizer steps; by default those of one epoch. 'prime' takes a hundredth of three epochs, at least 20, and "
        + "'verify --weights random' 3.",
      valueName: "n"),
    transform: Accepted.count(Accepted.steps))
  var steps: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Passes over the training data, instead of steps; by default one.", valueName: "e"),
    transform: Accepted.count(Accepted.epochs))
  var epochs: Int?

  @Option(
    parsing: .unconditional,
    help: "Largest learning rate (1e-4).", transform: Accepted.rate)
  var learningRate = 1e-4

  @Option(
    help: ArgumentHelp(
      "How the learning rate goes on after the warm-up: constant, linear (to zero) or cosine (to zero).",
      valueName: "name"))
  var schedule = LearningRateSchedule.linear

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the steps over which the learning rate rises from zero (0.1).", valueName: "share"),
    transform: Accepted.share)
  var warmup = 0.1

  @Option(
    parsing: .unconditional, help: "Seed of the order of examples, the dropout masks and fresh tensors (0).",
    transform: Accepted.seed)
  var seed: UInt64 = 0

  func validate() throws {
    if steps != nil, epochs != nil {
      throw ValidationError("'--steps' and '--epochs' exclude each other; give one")
    }
  }

  /// - Parameter fallback: the steps where neither is given; nil means one epoch.
  func count(examples: Int?, batch: Int, fallback: Int? = nil) -> Int {
    if let steps { return steps }
    guard let examples else { return fallback ?? 3 }
    let sampler = BatchSampler(exampleCount: examples, batchSize: batch, order: .sequential)
    if epochs == nil, let fallback { return fallback }
    return sampler.steps(inEpochs: epochs ?? 1)
  }

  /// These options for so many steps.
  func settings(steps: Int) -> TrainingSettings {
    TrainingSettings(
      steps: steps, learningRate: learningRate, schedule: schedule, warmup: warmup, seed: seed)
  }
}

extension LearningRateSchedule: ExpressibleByArgument {}
