import Foundation
import Graph
import TestSupport
import Testing

@testable import Checkpoints

/// These need a Python with torch and transformers, named by `PERMAFROST_PYTHON`.
@Suite("Checkpoints in transformers", .enabled(if: python != nil))
struct TransformersTests {
  @Test("every family loads with every head, whole and with nothing left over, and runs")
  func loads() throws {
    let directory = try TemporaryDirectory()
    let targets = try tinyModels.enumerated().map { index, encoder in
      // Positions for the script's 4 tokens, whichever the family counts from.
      var encoder = encoder
      encoder.maximumPositions = 8
      let model = Model(configuration: HuggingFaceConfiguration(encoder), displayName: "tiny")
      let target = directory("\(index)")
      try CheckpointWriter.write(model, to: target) { parameter, sink in
        try RandomWeights(seed: 3).values(of: parameter).withUnsafeBufferPointer { try sink.write($0) }
      }
      return target.path
    }
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Scripts/check-checkpoint").path
    let output = directory("output")
    try Data().write(to: output)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(python))
    process.arguments = [script] + targets
    process.environment = ProcessInfo.processInfo.environment.merging(["HF_HUB_OFFLINE": "1"]) { $1 }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = process.standardOutput
    try process.run()
    process.waitUntilExit()
    let answer = try String(contentsOf: output, encoding: .utf8)
    #expect(process.terminationStatus == 0, "\(answer)")
    // One line a model: a script that checked nothing would exit with 0 as well.
    #expect(answer.matches(of: /\d+ equal to the source/).count == tinyModels.count, "\(answer)")
  }
}

private let python = ProcessInfo.processInfo.environment["PERMAFROST_PYTHON"]
