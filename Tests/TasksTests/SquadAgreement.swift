import Foundation
import TestSupport
import Testing

@testable import Tasks

private let environment = ProcessInfo.processInfo.environment

/// Not a test: Scripts/check-squad runs it to see what the program makes of whole files.
@Suite("SQuAD for Scripts/check-squad", .enabled(if: environment["PERMAFROST_SQUAD_OUT"] != nil))
struct SquadAgreement {
  private func setting(_ name: String) throws -> String {
    try #require(environment["PERMAFROST_SQUAD_\(name)"])
  }

  @Test("writes prepared windows, answers from seeded logits, and their scores")
  func write() throws {
    func folder(_ name: String) throws -> URL { URL(fileURLWithPath: try setting(name), isDirectory: true) }
    let (task, output) = (try TaskDefinition.named(setting("TASK")), try folder("OUT"))
    let dataset = try Dataset(
      directory: folder("DATA"), task: task, documentStride: Int(setting("STRIDE")))
    let tokenizer = try ModelTokenizer.load(from: folder("MODEL"))
    let length = try #require(Int(setting("LENGTH")))
    for split in Split.allCases {
      let file = output.appendingPathComponent("\(split.rawValue).tokens")
      try dataset.prepare(split, tokenizer: tokenizer, maximumLength: length, to: file)
    }
    let data = try PreparedData(opening: output.appendingPathComponent("dev.tokens"))
    let (scores, predictions) = try scoreSeededLogits(data, task)
    try Data(predictions.utf8).write(to: output.appendingPathComponent("predictions.json"))
    let figures = Dictionary(uniqueKeysWithValues: scores.map { ($0.metric.rawValue, $0.value) })
    try JSONEncoder().encode(figures).write(to: output.appendingPathComponent("scores.json"))
  }
}

/// Answers from the logits of `seeded_logits` in Scripts/squad_reference.py.
func scoreSeededLogits(_ data: PreparedData, _ task: TaskDefinition) throws -> ([Score], predictions: String) {
  var scorer = try Scorer(data, task: task, keepsPredictions: true)
  for window in 0..<data.count {
    let example = data[window]
    var logits = (0..<2 * example.ids.count).map { index in
      var generator = SeededGenerator(seed: UInt64(index + window * 100_003))
      return Float(generator.next() >> 40) / Float(1 << 20)
    }
    if window % 3 != 0 {
      logits[2 * Int(example.labels[0])] += 12
      logits[2 * Int(example.labels[1]) + 1] += 12
    }
    try scorer.add(example, logits: logits)
  }
  return (try scorer.scores(), scorer.predictions)
}
