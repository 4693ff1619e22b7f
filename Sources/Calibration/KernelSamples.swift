import Checkpoints
import Engine
import Graph
import Kernels
import Steps

/// A kernel's work and the time in which it was done.
public struct KernelSample: Sendable, Hashable {
  public let work: KernelWork
  public let seconds: Double

  public init(_ work: KernelWork, seconds: Double) {
    self.work = work
    self.seconds = seconds
  }
}

/// A calibration case that can run: an engine, its batch, and the times of its kernels so far.
final class CalibrationRun {
  private let engine: Engine
  private let batch: Batch
  private var steps = 0
  /// Seconds of each kernel of the step, turn by turn.
  private var times: [[Double]]

  init(_ program: StepProgram, _ context: KernelContext) throws {
    let step = program.training
    let weights = CalibrationWeights(step.graph)
    engine = try Engine(
      program, source: weights, learnerNodes: step.selection.retained.map { Array(0..<$0) }, context: context,
      seed: 0)
    engine.timesLeaveOutWaiting = true
    try engine.loadWeights()
    var batch = Batch(sequences: step.recipe.batch, tokens: step.recipe.batchTokens)
    for sequence in 0..<step.recipe.batch {
      batch.append(
        (0..<step.recipe.sequence).map {
          Int32((sequence * step.recipe.sequence + $0) * 7919 % step.graph.configuration.vocabularySize)
        }, firstSegment: step.recipe.sequence, label: Int32(sequence % 2))
    }
    self.batch = batch
    times = Array(repeating: [], count: step.kernels.count)
  }

  /// Runs one step, and keeps its kernels' times.
  func run() throws {
    steps += 1
    engine.forgetTimes()
    _ = try engine.train(batch, step: steps, UpdateSettings(learningRate: 1e-5))
    for (index, time) in engine.kernelTimes.enumerated() { times[index].append(time / .seconds(1)) }
  }

  /// Starts the times anew.
  func forget() { for index in times.indices { times[index] = [] } }

  /// The typical time of each kernel.
  var samples: [KernelSample] {
    let step = engine.program.training
    return zip(step.kernels, times).map { KernelSample(step.work(of: $0), seconds: $1.typical) }
  }
}

extension [Double] {
  /// The upper of two middle values; 0 of none.
  var median: Double { isEmpty ? 0 : sorted()[count / 2] }

  /// What sums are made of: the mean, in which what is beyond thrice the median counts as that.
  ///
  /// A step's time is the sum of many kernels'. Where neighbours slow a processor down for milliseconds at a time, short kernels mostly escape and
  /// their median does not know of it, while every step meets it.
  var typical: Double {
    let most = 3 * median
    return isEmpty ? 0 : reduce(0) { $0 + Swift.min($1, most) } / Double(count)
  }
}

/// Weights of no meaning: uniform in ±0.035, as spread as a fresh model's, and quick to make.
final class CalibrationWeights: ParameterSource {
  // Written before anyone can read them, and never again.
  nonisolated(unsafe) private let values: UnsafeMutableBufferPointer<Float>
  private let starts: [Int]
  /// Values before they come again: a prime, so that rows of no matrix are alike.
  private static let blockCount = 65_537

  init(_ graph: EncoderGraph) {
    var starts: [Int] = []
    var end = 0
    for parameter in graph.parameters {
      starts.append(end)
      end += (parameter.count + 15) / 16 * 16
    }
    self.starts = starts
    values = .allocate(capacity: end)
    var state: UInt32 = 1
    let block = (0..<min(end, Self.blockCount)).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return (Float(state >> 8) * 0x1p-24 - 0.5) * 0.07
    }
    for start in stride(from: 0, to: end, by: Self.blockCount) {
      let rest = UnsafeMutableBufferPointer(rebasing: values[start...])
      _ = rest.initialize(from: block.prefix(rest.count))
    }
  }

  deinit { values.deallocate() }
}

extension CalibrationWeights {
  func mappedFloats(_ parameter: Parameter) -> UnsafeBufferPointer<Float>? {
    UnsafeBufferPointer(
      UnsafeMutableBufferPointer(rebasing: values[starts[parameter.id]...].prefix(parameter.count)))
  }

  func read(
    _ parameter: Parameter, elements: Range<Int>, into destination: UnsafeMutablePointer<Float>
  ) {
    guard let floats = mappedFloats(parameter)?.baseAddress else { return }
    destination.update(from: floats + elements.lowerBound, count: elements.count)
  }
}
