import Graph
import Steps

extension Engine {
  /// Refuses a batch that the plan has no room for, or that means nothing to the model.
  func check(_ batch: Batch, limit: Int) throws {
    let step = program.training
    guard batch.sequenceCount <= limit, batch.tokenCount <= limit * step.recipe.sequence else {
      throw EngineError.batchTooLarge(
        sequences: batch.sequenceCount, tokens: batch.tokenCount, limitSequences: limit,
        limitTokens: limit * step.recipe.sequence)
    }
    let configuration = step.graph.configuration
    for id in batch.ids where !(0..<Int32(configuration.vocabularySize)).contains(id) {
      throw EngineError.tokenOutOfRange(id: Int(id), vocabulary: configuration.vocabularySize)
    }
    for index in 0..<batch.sequenceCount {
      let length = batch.offsets[index + 1] - batch.offsets[index]
      guard length > 0 else { throw EngineError.emptySequence(index: index) }
      guard Int(length) <= step.recipe.sequence else {
        throw EngineError.batchTooLarge(
          sequences: 1, tokens: Int(length), limitSequences: 1, limitTokens: step.recipe.sequence)
      }
    }
    try checkLabels(batch, configuration.problem)
  }

  private func checkLabels(_ batch: Batch, _ problem: Problem) throws {
    guard batch.labels.count == batch.sequenceCount * problem.labelsPerSequence else {
      throw EngineError.labelCount(
        found: batch.labels.count, expected: batch.sequenceCount * problem.labelsPerSequence)
    }
    switch problem {
    case .classification(let labels):
      for label in batch.labels where !(0..<Int32(labels)).contains(label) {
        throw EngineError.labelOutOfRange(label: Int(label), labels: labels)
      }
    case .span:
      for (index, label) in batch.labels.enumerated() {
        let length = batch.offsets[index / 2 + 1] - batch.offsets[index / 2]
        guard (0..<length).contains(label) else {
          throw EngineError.labelOutOfRange(label: Int(label), labels: Int(length))
        }
      }
    case .regression, .multiLabel: break
    }
  }

  /// Copies what the whole batch shares into the arena, and begins its sums.
  func load(_ batch: Batch) {
    let configuration = program.training.graph.configuration
    let first = Int32(configuration.family.firstPosition)
    copy(batch.ids[...], to: inputs.ids)
    copy(batch.positions[...], to: inputs.positions, adding: first)
    // A model with one token type has no second segment.
    copy(batch.types[...], to: inputs.types, atMost: Int32(configuration.typeVocabularySize) - 1)
    (state.batchTokens, state.batchSequences) = (batch.tokenCount, batch.sequenceCount)
    (state.loss, state.squaredNorm) = (0, 0)
  }

  /// Copies what belongs to some of a batch's sequences into the arena.
  func load(_ sequences: Range<Int>, of batch: Batch) {
    let count = program.training.graph.configuration.problem.labelsPerSequence
    let tokens = batch.offsets[sequences.lowerBound]..<batch.offsets[sequences.upperBound]
    copy(
      batch.offsets[sequences.lowerBound...sequences.upperBound], to: inputs.offsets, adding: -tokens.lowerBound
    )
    copy(batch.labels[(sequences.lowerBound * count)..<(sequences.upperBound * count)], to: inputs.labels)
    (state.tokens, state.sequences) = (tokens.count, sequences.count)
    state.firstToken = Int(tokens.lowerBound)
    state.isFirstMicroBatch = sequences.lowerBound == 0
  }

  private func copy(
    _ values: ArraySlice<Int32>, to address: UnsafeMutableRawPointer?, adding offset: Int32 = 0,
    atMost limit: Int32 = .max
  ) {
    guard let target = address?.assumingMemoryBound(to: Int32.self) else { return }
    for (position, value) in values.enumerated() { target[position] = min(value &+ offset, limit) }
  }
}

/// Where the inputs of a batch go; a model without token types has no place for them.
struct Inputs {
  var ids, positions, types, offsets, labels: UnsafeMutableRawPointer?

  init(_ step: TrainingStep, _ addresses: [UnsafeMutableRawPointer]) {
    func find(_ name: String) -> UnsafeMutableRawPointer? {
      step.buffers.firstIndex { $0.content == .input && $0.name == "input.\(name)" }.map { addresses[$0] }
    }
    (ids, positions, types) = (find("ids"), find("positions"), find("types"))
    (offsets, labels) = (find("offsets"), find("labels"))
  }
}
