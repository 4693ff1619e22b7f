import Foundation
import Graph

/// A model to plan for or to train: its shape, and its weights where there are any.
public struct Model: Sendable {
  public let graph: EncoderGraph
  /// nil for a model known by its shape only.
  public let weights: WeightStore?
  /// Where config.json and the tokenizer are; nil for a model of the catalogue.
  public let directory: URL?
  /// The configuration as read, or as made from the catalogue, to be written back beside trained weights.
  public let configuration: HuggingFaceConfiguration
  /// What to call it in reports.
  public let displayName: String
  /// The graph's identity: equal for a model of the catalogue and a checkpoint of the same shape.
  public let identity: String

  public init(
    configuration: HuggingFaceConfiguration, weights: WeightStore? = nil, directory: URL? = nil,
    displayName: String
  ) {
    graph = weights?.graph ?? EncoderGraph(configuration.encoder)
    self.weights = weights
    self.directory = directory
    self.configuration = configuration
    self.displayName = displayName
    identity = graph.identity
  }

  /// Where training starts: the weights, and fresh values for what they lack; without weights, all fresh.
  public func initialWeights(seed: UInt64) -> InitialWeights { InitialWeights(checkpoint: weights, seed: seed) }
}
