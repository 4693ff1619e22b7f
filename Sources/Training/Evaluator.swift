import Engine
import Graph
import Steps
import Tasks

/// Runs an engine over a data set without dropout and scores its predictions.
struct Evaluator {
  let engine: Engine
  let recipe: Recipe

  /// - Returns: the scores, and where they are wanted what `Scorer.predictions` says.
  func scores(
    _ data: PreparedData, _ task: TaskDefinition, keepsPredictions: Bool
  ) throws -> (scores: [Score], predictions: String?) {
    var scorer = try Scorer(data, task: task, keepsPredictions: keepsPredictions)
    let sampler = BatchSampler(exampleCount: data.count, batchSize: recipe.microBatch, order: .sequential)
    var batch = Batch(
      sequences: recipe.microBatch, tokens: recipe.tokens, labelsPerSequence: data.objective.labelsPerExample)
    for step in 0..<sampler.stepsPerEpoch {
      let examples = sampler.batch(at: step).map { data[$0] }
      batch.removeAll()
      for example in examples { batch.append(example) }
      try engine.evaluate(batch) { _, logits in
        var rest = logits[...]
        for example in examples {
          // A span has logits for each token, everything else for each sequence.
          let rows = data.objective == .span ? example.ids.count : 1
          let count = rows * data.objective.outputCount
          try scorer.add(example, logits: rest.prefix(count))
          rest = rest.dropFirst(count)
        }
      }
    }
    return (try scorer.scores(), keepsPredictions ? scorer.predictions : nil)
  }
}
