import Checkpoints
import Foundation
import Graph
import TestSupport
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

/// A small plan and the command that carries it out, in a directory of `withSmallTask`.
struct SmallRun {
  let directory: URL

  init(_ directory: URL) throws {
    self.directory = directory
    try plan("p.json", batch: 4)
  }

  func plan(_ name: String, batch: Int) throws {
    let plan = [
      "plan", "model", "--budget", "64MiB", "--batch", "\(batch)", "--seq", "12", "--threads", "2", "--runtime",
      "30MiB", "-o", name,
    ]
    #expect(try CommandLineProgram.run(plan, in: directory).exitCode == 0)
  }

  /// - Parameter arguments: between spaces; what they leave out is the small task's, for 2000 steps.
  func train(
    _ arguments: String, plan: String = "p.json", onStart: (Process) throws -> Void = { _ in }
  ) throws -> Run {
    var values = arguments.split(separator: " ").map(String.init)
    for (name, value) in [("--model", "model"), ("--data", "data"), ("--steps", "2000")]
    where !values.contains(name) {
      values += [name, value]
    }
    return try CommandLineProgram.run(["train", plan] + values, in: directory, onStart: onStart)
  }

  func data(_ path: String) throws -> Data { try Data(contentsOf: directory.appending(path: path)) }

  func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: directory.appending(path: path).path)
  }

  /// The step of the newest checkpoint in a folder, whole files only; 0 without one.
  func newestStep(_ folder: String) -> Int {
    let names =
      (try? FileManager.default.contentsOfDirectory(atPath: directory.appending(path: folder).path)) ?? []
    return names.compactMap { name in
      name.hasPrefix("step-") && name.hasSuffix(".checkpoint") ? Int(name.dropFirst(5).dropLast(11)) : nil
    }.max() ?? 0
  }

  /// Waits until a run has written the checkpoint of a step.
  func wait(for step: Int, in folder: String) {
    for _ in 0..<30_000 where newestStep(folder) < step { usleep(1000) }
  }
}
