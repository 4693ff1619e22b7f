import Engine
import Graph
import Steps
import Tasks

/// Fills one batch, reserved once, from prepared data or with random tokens.
struct BatchFeeder {
  private(set) var batch: Batch
  private let recipe: Recipe
  private let configuration: EncoderConfiguration
  private let data: PreparedData?
  private let sampler: BatchSampler?

  init(recipe: Recipe, configuration: EncoderConfiguration, data: PreparedData?, seed: UInt64) {
    self.recipe = recipe
    self.configuration = configuration
    self.data = data
    sampler = data.map {
      BatchSampler(exampleCount: $0.count, batchSize: recipe.batch, order: .shuffled(seed: seed))
    }
    batch = Batch(
      sequences: recipe.batch, tokens: recipe.batchTokens,
      labelsPerSequence: configuration.problem.labelsPerSequence
    )
  }

  /// The examples of a step, counted from 0; without data, a full batch.
  mutating func fill(step: Int) {
    guard let data, let sampler else { return fillLargest() }
    batch.removeAll()
    for index in sampler.batch(at: step) { batch.append(data[index]) }
  }

  /// As many sequences as a step takes, or so many, of S tokens: ids that walk through the vocabulary, labels in turn.
  ///
  /// What they say does not matter, how many there are does.
  mutating func fillLargest(sequences: Int? = nil) {
    batch.removeAll()
    for sequence in 0..<(sequences ?? recipe.batch) {
      let ids = (0..<recipe.sequence).map { position in
        Int32((sequence * recipe.sequence + position) * 7919 % configuration.vocabularySize)
      }
      switch configuration.problem {
      case .classification(let labels):
        batch.append(ids, firstSegment: recipe.sequence, label: Int32(sequence % labels))
      case .regression: batch.append(ids, firstSegment: recipe.sequence, target: 0)
      case .multiLabel, .span:
        // Zero is a token of every sequence and a target that any label can have.
        batch.append(
          ids, firstSegment: recipe.sequence,
          labels: repeatElement(0, count: configuration.problem.labelsPerSequence))
      }
    }
  }
}

extension Batch {
  /// Appends a prepared example.
  mutating func append(_ example: PreparedData.Example) {
    append(example.ids, firstSegment: example.firstSegmentLength, labels: example.labels)
  }
}
