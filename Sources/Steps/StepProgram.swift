import Graph

/// A training step and the evaluation pass that runs between steps, in the same arena where there is one.
public struct StepProgram: Sendable {
  public let training: TrainingStep
  /// Forward and loss with the weights and states of `training` in the same places.
  public let evaluation: TrainingStep

  public init(_ template: StepTemplate, _ selection: Selection) {
    var training = TrainingStep(template, selection)
    evaluation = TrainingStep(template, selection, extent: .evaluation)
    if template.residence == .arena { training.reserve(evaluation) }
    self.training = training
  }

  public init(_ graph: EncoderGraph, _ recipe: Recipe, _ selection: Selection) {
    self.init(StepTemplate(graph, recipe), selection)
  }

  public var arenaBytes: Int { training.arenaBytes }
  public var mappedBytes: Int { training.mappedBytes }
  public var peakBytes: Int { training.peakBytes }
}
