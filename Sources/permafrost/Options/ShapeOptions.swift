import ArgumentParser
import Checkpoints
import Devices
import Foundation
import Reporting
import Steps

/// The batch, and everything else that decides a step's kernels and sizes.
struct ShapeOptions: ParsableArguments {
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Sequences in a batch.", valueName: "b"),
    transform: Accepted.count(Accepted.batches))
  var batch: Int?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Tokens of the longest sequence.", valueName: "s"),
    transform: Accepted.count(Accepted.sequences))
  var seq: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Micro-batches that a batch is cut into; gradients add up over them. By default 1; 'plan' and 'sweep' decide.",
      valueName: "n"),
    transform: Accepted.count(Accepted.microBatches))
  var accumulate: Int?

  @Option(help: ArgumentHelp("How parameters are updated (adamw).", valueName: "optimizer"))
  var optimizer: Optimizer?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Cut the gradient's global norm to this; all gradients then live until the norm is known.",
      valueName: "norm"),
    transform: Accepted.norm)
  var clipNorm: Double?

  @Option(
    help: ArgumentHelp(
      "How frozen matrices and tables are held. By default f32, in the file's own pages; 'plan' and 'sweep' decide.",
      valueName: "format"))
  var frozenWeights: WeightFormat?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Threads; by default the device's cores, else this machine's.", valueName: "n"),
    transform: Accepted.count(Accepted.threads))
  var threads: Int?

  /// The recipe for a model: what is given, else a plan's, else the defaults.
  ///
  /// - Parameters:
  ///   - base: what to take for options that are not given.
  ///   - shape: the batch and sequence where neither options nor `base` say; nil requires them.
  /// - Throws: `ValidationError` for a sequence that the model has no positions for, or a missing option.
  func recipe(
    for model: Model, on device: DeviceProfile? = nil, saving: Saving? = nil, base: Recipe? = nil,
    defaults shape: (batch: Int, sequence: Int)? = nil
  ) throws -> Recipe {
    guard let batch = batch ?? base?.batch ?? shape?.batch else {
      throw ValidationError("missing '--batch'; accepted is a whole number, such as --batch 8")
    }
    guard let sequence = seq ?? base?.sequence ?? shape?.sequence else {
      throw ValidationError("missing '--seq'; accepted is a whole number, such as --seq 64")
    }
    let recipe = Recipe(
      batch: batch, sequence: sequence, accumulation: accumulate ?? base?.accumulation ?? 1,
      optimizer: optimizer ?? base?.optimizer ?? .adamw,
      maximumGradientNorm: clipNorm ?? base?.maximumGradientNorm,
      threads: threads ?? base?.threads ?? defaultThreads(on: device),
      saving: saving ?? base?.saving ?? .keep,
      frozenWeights: frozenWeights ?? base?.frozenWeights ?? .float32)
    if let rule = recipe.brokenRule(for: model.graph) {
      throw ValidationError("\(model.displayName): \(rule)")
    }
    return recipe
  }

  private func defaultThreads(on device: DeviceProfile?) -> Int {
    let cores = device?.cores ?? ProcessInfo.processInfo.activeProcessorCount
    return min(max(cores, Accepted.threads.lowerBound), Accepted.threads.upperBound)
  }
}
