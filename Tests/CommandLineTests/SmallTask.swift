import Checkpoints
import Foundation
import Graph
import Testing

/// A model directory and a data set small enough to train on in a test: the label is whether a sentence says "yes" more often than "no".
func withSmallTask(_ body: (_ directory: URL) throws -> Void) throws {
  try withTemporaryDirectory { directory in
    let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "yes", "no", "and", "then", "they", "said"]
    let configuration = EncoderConfiguration(
      family: .bert, vocabularySize: words.count, maximumPositions: 16, hiddenSize: 32, feedForwardSize: 64,
      layerCount: 2, headCount: 2)
    let model = Model(configuration: HuggingFaceConfiguration(configuration), displayName: "small")
    let source = model.initialWeights(seed: 3)
    let target = directory.appendingPathComponent("model")
    try CheckpointWriter.write(model, to: target) { parameter, sink in
      var values = [Float](repeating: 0, count: parameter.count)
      try values.withUnsafeMutableBufferPointer { buffer in
        let base = try #require(buffer.baseAddress)
        try source.read(parameter, elements: 0..<parameter.count, into: base)
        // Wider than a fresh head's 0.02, or so small an encoder learns nothing.
        if parameter.role == .weight || parameter.role == .embedding {
          for index in buffer.indices { buffer[index] *= 10 }
        }
        try sink.write(UnsafeBufferPointer(buffer))
      }
    }
    try words.joined(separator: "\n").write(
      to: target.appendingPathComponent("vocab.txt"), atomically: true, encoding: .utf8)
    let data = directory.appendingPathComponent("data")
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    for (name, count, offset) in [("train", 256, 0), ("dev", 64, 1000)] {
      let lines = (offset..<offset + count).map { index in
        let yes = index % 2 == 0
        let filler = ["and", "then", "they", "said"][index / 2 % 4]
        return "\(yes ? "yes" : "no") \(filler) \(yes ? "yes" : "no")\t\(yes ? "agree" : "refuse")"
      }
      try ("text\tlabel\n" + lines.joined(separator: "\n") + "\n").write(
        to: data.appendingPathComponent("\(name).tsv"), atomically: true, encoding: .utf8)
    }
    try body(directory)
  }
}
