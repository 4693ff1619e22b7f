import Graph
import Steps
import TestSupport

@testable import Planning

extension EncoderConfiguration {
  /// distilbert-base-uncased with a two-class head.
  static let distilbertBase = EncoderConfiguration(
    family: .distilbert, vocabularySize: 30_522, hiddenSize: 768, feedForwardSize: 3072, layerCount: 6,
    headCount: 12)

  /// bert-base-uncased and bert-large-uncased with a two-class head.
  static let bertBase = EncoderConfiguration(
    family: .bert, vocabularySize: 30_522, hiddenSize: 768, feedForwardSize: 3072, layerCount: 12, headCount: 12
  )
  static let bertLarge = EncoderConfiguration(
    family: .bert, vocabularySize: 30_522, hiddenSize: 1024, feedForwardSize: 4096, layerCount: 24,
    headCount: 16)
}

/// A tiny encoder of any shape that is allowed: feed-forward narrower than hidden, one head, one layer, one row.
func randomEncoder(
  layers: [Int] = [1, 2, 3], using generator: inout SeededGenerator
) -> EncoderGraph {
  let family = generator.pick(ModelFamily.allCases)
  let heads = generator.pick([1, 2, 4])
  return EncoderGraph(
    EncoderConfiguration(
      family: family, vocabularySize: generator.pick([1, 31, 200]),
      maximumPositions: generator.pick([8, 33]) + family.firstPosition,
      embeddingSize: family == .electra ? generator.pick([1, 12, 24]) : nil,
      hiddenSize: heads * generator.pick([1, 4, 12]), feedForwardSize: generator.pick([1, 3, 20, 70]),
      layerCount: generator.pick(layers), headCount: heads,
      problem: generator.pick([
        .regression, .classification(labels: 2), .classification(labels: 20), .multiLabel(labels: 3), .span,
      ])))
}

func randomRecipe(_ saving: Saving, using generator: inout SeededGenerator) -> Recipe {
  let batch = generator.pick([1, 2, 5])
  return Recipe(
    batch: batch, sequence: generator.pick([1, 7, 8]),
    accumulation: generator.pick([1, 1, Int.random(in: 1...batch, using: &generator)]),
    optimizer: generator.pick(Optimizer.allCases), maximumGradientNorm: generator.pick([nil, nil, 1]),
    threads: Int.random(in: 1...4, using: &generator), saving: saving,
    frozenWeights: generator.pick([.float32, .float32] + WeightFormat.allCases))
}

/// Scores of every kind: generic ones, few distinct values (so that plans tie), many zeros.
func randomScores(_ graph: EncoderGraph, using generator: inout SeededGenerator) -> Scores {
  let kind = Int.random(in: 0..<3, using: &generator)
  func draw() -> Double {
    switch kind {
    case 0: Double.random(in: 0...10, using: &generator)
    case 1: Double(Int.random(in: 0...2, using: &generator))
    default: Bool.random(using: &generator) ? 0 : Double.random(in: 0...1, using: &generator)
    }
  }
  var tensors: [String: Double] = [:]
  for parameter in graph.parameters where !parameter.isSplitByNode { tensors[parameter.name] = draw() }
  let nodes = (0..<graph.configuration.layerCount).map { _ in
    (0..<graph.configuration.feedForwardSize).map { _ in draw() }
  }
  return Scores(origin: .priming, modelIdentity: "random", tensors: tensors, nodes: nodes)
}

extension DecisionSpace {
  /// Any option or none for every group that is not pinned; each other group trains with the same, random, probability.
  func randomChoice(using generator: inout SeededGenerator) -> [Int?] {
    let density = Double.random(in: 0...1, using: &generator)
    return choices.map { choice in
      if choice.mustTrain { return choice.options.indices.randomElement(using: &generator) }
      guard Double.random(in: 0..<1, using: &generator) < density else { return nil }
      return choice.options.indices.randomElement(using: &generator)
    }
  }
}

extension DecisionSpace {
  /// Takes options away, at random, until at most `limit` choices are left; groups that must train keep one.
  func restricted(to limit: Int, using generator: inout SeededGenerator) -> DecisionSpace {
    var kept = choices.map { choice in
      let left = choice.options.filter { _ in Bool.random(using: &generator) }
      return choice.mustTrain && left.isEmpty ? choice.options.suffix(1) : left
    }
    func size() -> Int {
      zip(choices, kept).reduce(1) { $0 * ($1.1.count + ($1.0.mustTrain ? 0 : 1)) }
    }
    while size() > limit {
      let group = Int.random(in: kept.indices, using: &generator)
      if kept[group].count > (choices[group].mustTrain ? 1 : 0) {
        kept[group].remove(at: Int.random(in: kept[group].indices, using: &generator))
      }
    }
    return DecisionSpace(
      graph: graph,
      choices: zip(choices, kept).map {
        GroupChoices(group: $0.group, options: Array($1), mustTrain: $0.mustTrain)
      })
  }

  /// Every choice there is.
  var all: [[Int?]] {
    choices.reduce([[]]) { prefixes, choice in
      let options = choice.options.indices.map(Optional.some)
      return (choice.mustTrain ? options : [nil] + options).flatMap { option in prefixes.map { $0 + [option] } }
    }
  }
}

/// A policy of its own for every layer.
func randomSaving(_ graph: EncoderGraph, using generator: inout SeededGenerator) -> Saving {
  Saving(layers: (0..<graph.configuration.layerCount).map { _ in generator.pick(SavingPolicy.allCases) })
}

/// Some of what a user may leave open: savings, mixed ones among them, micro-batches, optimizers and formats; at most six recipes.
func randomAlternatives(
  _ graph: EncoderGraph, _ recipe: Recipe, using generator: inout SeededGenerator
) -> Alternatives {
  func some<Value>(of values: [Value]) -> [Value] {
    Array(values.shuffled(using: &generator).prefix(generator.pick([0, 1, 2, 3])))
  }
  while true {
    let alternatives = Alternatives(
      savings: some(of: Alternatives.savings(for: graph)),
      accumulations: some(of: Alternatives.accumulations(ofBatch: recipe.batch)),
      optimizers: some(of: Optimizer.allCases), frozenWeights: some(of: WeightFormat.allCases))
    if alternatives.recipes(recipe).count <= 6 { return alternatives }
  }
}

/// Mostly none; sometimes tensors to train, to freeze, or a least retention, never in contradiction.
func randomPins(_ graph: EncoderGraph, using generator: inout SeededGenerator) -> Pins {
  switch Int.random(in: 0..<6, using: &generator) {
  case 0: Pins(train: [generator.pick(graph.parameters.map(\.name))])
  case 1: Pins(freeze: ["*embeddings*"])
  case 2: Pins(freeze: ["*.bias"])
  case 3: Pins(minimumRetention: generator.pick([1, 30, 100]))
  default: Pins()
  }
}
