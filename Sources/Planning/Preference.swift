import Simulation
import Steps

/// What decides between steps that capture as much: the quicker one, then the smaller one, then the one whose frozen weights would be held more exactly.
struct Preference: Comparable {
  /// Seconds of the step on batches of ordinary length.
  let seconds: Double
  private let bytes: Int
  private let format: Int

  static func < (one: Preference, other: Preference) -> Bool {
    (one.seconds, one.bytes, one.format) < (other.seconds, other.bytes, other.format)
  }

  init(_ program: StepProgram, for request: PlanRequest) {
    let recipe = program.training.recipe
    seconds = request.ordinarySeconds(recipe, program.training.selection)
    bytes = request.charged(program)
    format = WeightFormat.allCases.firstIndex(of: recipe.frozenWeights) ?? 0
  }
}

extension PlanRequest {
  /// Mean length over longest length of an ordinary task, as eighths.
  ///
  /// With MiniLM's tokenizer the mean is 11.3 tokens for CoLA's sentences where 32 are allowed, 53.2 of 128 for MRPC's pairs, 27.8 of 128 for STS-B's and
  /// 13.4 of 64 for SST-2's first 10,000: between 0.21 and 0.42.
  private static let ordinaryEighths = 3

  /// Seconds of a step on sequences of ordinary length, to rank by.
  ///
  /// The longest sequence has to fit, and limits of time hold for it. But most are shorter, and what a step moves for its weights, once for every
  /// micro-batch, then weighs more.
  func ordinarySeconds(_ recipe: Recipe, _ selection: Selection) -> Double {
    var ordinary = recipe
    ordinary.sequence = max(1, recipe.sequence * Self.ordinaryEighths / 8)
    return clock.rank(TrainingStep(unplaced: template(ordinary), selection))
  }
}
