import Foundation
import Planning
import Steps
import Tasks
import TrainerModels
import Training

/// What `Templates/run_plan.py` is to do; JSON keys are the properties' names in snake case.
struct PyTorchJob: Encodable {
  enum Purpose: String, Encodable {
    /// Train, evaluate, measure the process.
    case train
    /// Measure the tensors alive in one step.
    case live
  }

  var purpose = Purpose.train
  /// Where this and everything else that the script needs is written.
  let folder: String
  /// A directory with config.json and all weights.
  let model: String
  /// As prepared files name it: classification, regression, multilabel or span.
  let head: String
  let trainingData: String?
  let evaluationData: String?
  let batch: Int
  let microBatch: Int
  let sequence: Int
  let optimizer: Optimizer
  /// One a step.
  let learningRates: [Double]
  let weightDecay: Double
  let maximumGradientNorm: Double?
  let threads: Int
  let seed: UInt64
  let rehearses: Bool
  let attention: PyTorchOptions.Attention
  let updateLoop: PyTorchOptions.UpdateLoop?
  let precision: PyTorchOptions.Precision
  /// For every step, `batch` little-endian 4-byte indices of examples, -1 where there are fewer.
  let batches: String
  /// Where the evaluation examples' logits go, as F32.
  let logits: String

  init(_ run: PlanRun, options: PyTorchOptions) {
    let (recipe, settings) = (run.plan.recipe, run.settings)
    let directory = run.preparation.directory.appendingPathComponent("pytorch", isDirectory: true)
    folder = directory.path
    model = run.preparation.modelDirectory
    head =
      switch run.plan.model.configuration.problem {
      case .classification: "classification"
      case .regression: "regression"
      case .multiLabel: "multilabel"
      case .span: "span"
      }
    (trainingData, evaluationData) = (run.preparation.trainingData, run.preparation.evaluationData)
    (batch, microBatch, sequence) = (recipe.batch, recipe.microBatch, recipe.sequence)
    optimizer = recipe.optimizer
    learningRates = (0..<settings.steps).map { settings.learningRate(at: $0 + 1) }
    (weightDecay, maximumGradientNorm) = (settings.weightDecay, recipe.maximumGradientNorm)
    (threads, seed, rehearses) = (recipe.threads, settings.seed, run.rehearses)
    (attention, updateLoop, precision) = (options.attention, options.updateLoop, options.precision)
    batches = directory.appendingPathComponent("batches").path
    logits = directory.appendingPathComponent("logits").path
  }

  /// The same for another purpose.
  func with(_ purpose: Purpose) -> PyTorchJob {
    var job = self
    job.purpose = purpose
    return job
  }

  var script: String { path("run_plan.py") }
  var file: String { path("job.json") }

  private func path(_ name: String) -> String { folder + "/" + name }

  /// Writes the job's own file.
  func write() throws { try Self.write(PlanFile.encode(self), to: file) }

  /// Writes the job and all files that go with it, in place of an earlier one's.
  ///
  /// - Parameter module: the plan as `export --to pytorch` writes it.
  func write(module: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Self.write(module.utf8, to: path("freeze_plan.py"))
    try Self.write(PackageResources.run_plan_py, to: script)
    try Self.write(PackageResources.plan_training_py, to: path("plan_training.py"))
    if let trainingData {
      let count = try PreparedData(opening: URL(fileURLWithPath: trainingData)).count
      try Self.write(batchIndices(of: count), to: batches)
    }
    try write()
  }

  private static func write(_ contents: some Sequence<UInt8>, to path: String) throws {
    try Data(contents).write(to: URL(fileURLWithPath: path))
  }

  /// The engine's own order of `count` examples.
  func batchIndices(of count: Int) -> [UInt8] {
    let sampler = BatchSampler(exampleCount: count, batchSize: batch, order: .shuffled(seed: seed))
    return learningRates.indices.flatMap { step in
      let examples = sampler.batch(at: step).map(Int32.init)
      return (examples + Array(repeating: -1, count: batch - examples.count)).flatMap { index in
        withUnsafeBytes(of: index.littleEndian, Array.init)
      }
    }
  }

  /// Scores the logits that the script wrote; none without a task or evaluation examples.
  ///
  /// - Throws: ``PythonError/wrongLogits(found:expected:)``, `PreparedDataError`.
  func scores(by task: TaskDefinition?) throws -> [Score] {
    guard let task, let evaluationData else { return [] }
    let data = try PreparedData(opening: URL(fileURLWithPath: evaluationData))
    let bytes = try Data(contentsOf: URL(fileURLWithPath: logits))
    let numbers = bytes.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count & ~3, by: 4).map {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
      }
    }
    // A span has logits for each token, everything else for each sequence.
    let rows = data.objective == .span ? data.tokenCount : data.count
    guard numbers.count == rows * data.objective.outputCount else {
      throw PythonError.wrongLogits(found: numbers.count, expected: rows * data.objective.outputCount)
    }
    var scorer = try Scorer(data, task: task, keepsPredictions: false)
    var rest = numbers[...]
    for index in 0..<data.count {
      let example = data[index]
      let count = (data.objective == .span ? example.ids.count : 1) * data.objective.outputCount
      try scorer.add(example, logits: rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return try scorer.scores()
  }
}
