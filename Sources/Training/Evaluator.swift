import Engine
import Foundation
import Graph
import Steps
import Tasks

/// Runs an engine over a data set without dropout and scores its predictions.
struct Evaluator {
  let engine: Engine
  let recipe: Recipe

  /// - Parameter predictions: where to write one line an example, in the data's order: the label or score, then the logits, separated
  ///   by tabs; nil writes nothing.
  func scores(_ data: PreparedData, _ task: TaskDefinition, predictions: String? = nil) throws -> [Score] {
    var lines = ""
    let sampler = BatchSampler(exampleCount: data.count, batchSize: recipe.batch, order: .sequential)
    var batch = Batch(sequences: recipe.batch, tokens: recipe.tokens)
    var classes: (predicted: [Int], actual: [Int]) = ([], [])
    var numbers: (predicted: [Double], actual: [Double]) = ([], [])
    for step in 0..<sampler.stepsPerEpoch {
      let examples = sampler.batch(at: step).map { data[$0] }
      batch.removeAll()
      for example in examples { batch.append(example) }
      try engine.evaluate(batch) { _, logits in
        let outputs = logits.count / examples.count
        for (index, example) in examples.enumerated() {
          let row = logits[(index * outputs)..<((index + 1) * outputs)]
          if predictions != nil { lines += "\(example.label.text)\t\(row.map { "\($0)" }.joined(separator: "\t"))\n" }
          switch example.label {
          case .category(let label):
            let best = row.indices.max { row[$0] < row[$1] } ?? row.startIndex
            classes.predicted.append(best - row.startIndex)
            classes.actual.append(label)
          case .score(let score):
            numbers.predicted.append(Double(row[row.startIndex]))
            numbers.actual.append(Double(score))
          }
        }
      }
    }
    if let predictions { try Data(lines.utf8).write(to: URL(fileURLWithPath: predictions), options: .atomic) }
    return data.objective == .regression
      ? task.scores(predicted: numbers.predicted, actual: numbers.actual)
      : task.scores(predicted: classes.predicted, actual: classes.actual)
  }
}

extension Label {
  /// The class number or the score.
  fileprivate var text: String {
    switch self {
    case .category(let index): "\(index)"
    case .score(let score): "\(score)"
    }
  }
}
