import Devices
import Foundation
import Graph
import Kernels
import Planning
import Simulation
import Steps
import TestSupport
import Testing

@testable import Calibration

/// Not a test: with PERMAFROST_TIMINGS set to a thread count, prints the step times that calibrated rates predict beside those of steps.
///
/// `Benchmarks/predicted-time.py` calibrates first and trains then, as users do. Where others share the processor's cores, what they leave changes
/// within seconds, and the two are of different machines. Here every turn of the calibration is followed by one step of every case, so
/// both meet the same.
@Suite("Predicted times", .enabled(if: timedThreads != nil))
struct PredictedTimings {
  /// A model's encoder, and the batches it is trained with.
  private struct Shape {
    var name: String
    var layers = 6
    var heads = 12
    var hidden: Int
    var batch: Int
    var sequence: Int

    func program(_ trained: TrainSpec, threads: Int) -> StepProgram {
      let graph = EncoderGraph(
        EncoderConfiguration(
          family: .distilbert, vocabularySize: 30522, hiddenSize: hidden, feedForwardSize: 4 * hidden,
          layerCount: layers, headCount: heads))
      let recipe = Recipe(batch: batch, sequence: sequence, threads: threads, saving: Saving(.cheap))
      return StepProgram(graph, recipe, trained.selection(graph))
    }
  }

  private static let shapes = [
    Shape(name: "DistilBERT, B16 S128", hidden: 768, batch: 16, sequence: 128),
    Shape(name: "DistilBERT, B8 S64", hidden: 768, batch: 8, sequence: 64),
    Shape(name: "MiniLM's layers, B16 S128", hidden: 384, batch: 16, sequence: 128),
    Shape(name: "BERT-mini's layers, B16 S64", layers: 4, heads: 4, hidden: 256, batch: 16, sequence: 64),
    Shape(name: "BERT-tiny's layers, B16 S64", layers: 2, heads: 2, hidden: 128, batch: 16, sequence: 64),
  ]

  @Test("full, FAR's tenth and the last two layers, in turns with the calibration")
  func steps() throws {
    let threads = timedThreads ?? 1
    let context = try KernelContext(threads: threads)
    let cases = try Self.shapes.flatMap { shape in
      try ["full", "far:10", "last:2"].map { word in
        let program = shape.program(try #require(TrainSpec(word)), threads: threads)
        return (name: "\(shape.name), \(word)", program: program, run: try CalibrationRun(program, context))
      }
    }
    var seconds = cases.map { _ in [Double]() }
    // Faults pages in, and the calibration forgets its first turn, too.
    for example in cases { try example.run.run() }
    for example in cases { example.run.forget() }
    var calibrator = Calibrator(threads: threads, isQuick: false, memoryBytes: 4 << 30)
    // Long enough for all of its steps even where it is built for debugging.
    (calibrator.seconds, calibrator.fewestTurns) = (60, 15)
    var failure: (any Error)?
    let result = try calibrator.measure { _ in
      for (index, example) in cases.enumerated() {
        let start = ContinuousClock.now
        do { try example.run.run() } catch { failure = error }
        seconds[index].append((ContinuousClock.now - start) / .seconds(1))
      }
    }
    if let failure { throw failure }
    let times = KernelTimes(
      DeviceProfile(
        identifier: "this", title: "This machine", totalMemoryBytes: 1 << 40, systemReservedBytes: 0,
        cleanMappedPagesCount: true, cores: threads,
        memoryBandwidthBytesPerSecond: result.memoryBandwidth, peakFLOPS: result.peakFLOPS,
        storageReadBytesPerSecond: 1e9, kernels: result.kernels))
    print("\n\(result.steps) steps of the calibration, \(result.turns) turns, \(threads) threads\n")
    print("| | predicted | measured | predicted / measured | from | to | predicted / without waiting |")
    print("|---|---|---|---|---|---|---|")
    for (example, measured) in zip(cases, seconds) {
      let step = example.program.training
      let predicted = step.kernels.reduce(0) { $0 + times.seconds(of: $1, in: step) }
      let kernels = example.run.samples.reduce(0) { $0 + $1.seconds }
      let sorted = measured.sorted()
      print(
        "| \(example.name)",
        String(
          format: "| %.3f s | %.3f s | %.2f | %.3f s | %.3f s | %.2f |", predicted, measured.typical,
          predicted / measured.typical, sorted[0], sorted[sorted.count - 1], predicted / kernels))
    }
  }
}
