import Checkpoints
import Engine
import Foundation
import Graph
import Kernels
import Limits
import Planning
import Steps
import Tasks

/// Carries out a job in this process.
///
/// Everything that is the runtime's own (threads, BLAS buffers, the lowered step) exists before the baseline is read; then
/// come the limit, the arena and the weights, and nothing is allocated while training.
public struct Trainer {
  public let job: TrainingJob
  private let report: (WorkerMessage) -> Void

  public init(_ job: TrainingJob, report: @escaping (WorkerMessage) -> Void) {
    self.job = job
    self.report = report
  }

  /// Resident bytes of a training process before its arena and weights: what `run` would call its baseline.
  ///
  /// Does all that `run` does up to there; the model's weights need not exist.
  public func measureRuntime() throws -> Int { try prepare().baseline.resident }

  public func run() throws -> TrainingReport {
    var prepared = try prepare()
    let held = try LimitPlan.fromEnvironment()?.applyToSelf()
    let (plan, program, baseline) = (job.plan, prepared.program, prepared.baseline)
    guard let model = prepared.model else { throw PreparationError.noWeights(plan.model.name) }
    report(.stage("reserving the arena of \(program.arenaBytes) bytes"))
    let isPeakReset = ProcessMemory.resetPeak()
    let engine = try Engine(
      program, source: model.initialWeights(seed: job.seed), learnerNodes: plan.learnerNodes,
      context: prepared.context, seed: job.seed)
    report(.stage("reading weights"))
    try engine.loadWeights()
    if job.rehearses {
      report(.stage("rehearsing the largest batch"))
      prepared.feeder.fillLargest()
      _ = try engine.train(prepared.feeder.batch, step: 1, UpdateSettings(learningRate: 0))
      try engine.evaluate(prepared.feeder.batch) { _, _ in }
      try engine.loadWeights()
    }
    var losses: [Double] = []
    var durations: [Double] = []
    losses.reserveCapacity(job.steps)
    durations.reserveCapacity(job.steps)
    var (examples, tokens) = (0, 0)
    let started = ContinuousClock.now
    for step in 1...max(job.steps, 1) where step <= job.steps {
      if step == 1 || step % 10 == 0 { report(.stage("step \(step) of \(job.steps)")) }
      prepared.feeder.fill(step: step - 1)
      let start = ContinuousClock.now
      let settings = UpdateSettings(learningRate: job.learningRate(at: step), weightDecay: job.weightDecay)
      losses.append(try engine.train(prepared.feeder.batch, step: step, settings))
      durations.append((ContinuousClock.now - start) / .seconds(1))
      examples += prepared.feeder.batch.sequenceCount
      tokens += prepared.feeder.batch.tokenCount
      let elapsed = (ContinuousClock.now - started) / .seconds(1)
      report(
        .progress(
          step: step, steps: job.steps, loss: losses.last ?? 0, tokensPerSecond: Double(tokens) / max(elapsed, 1e-9)))
    }

    report(.stage("evaluating"))
    let task = try job.task.map { try TaskDefinition.named($0) }
    let scores = try prepared.evaluation.flatMap { data in
      try task.map { try Evaluator(engine: engine, recipe: plan.recipe).scores(data, $0, predictions: job.predictions) }
    }
    let untouched = Residency(engine).untouched()
    let peak = try ProcessMemory.current()
    report(.stage("keeping the result"))
    try keep(engine, model)

    let tail = losses.suffix(max(1, losses.count / 10))
    return TrainingReport(
      baselineResidentBytes: baseline.resident, residentPeakBytes: isPeakReset ? peak.peakResident : nil,
      measuredPeakBytes: engine.highWaterBytes + engine.mappedTensors.reduce(0) { $0 + $1.bytes.count },
      arenaBytes: program.arenaBytes, mappedBytes: program.mappedBytes, untouched: untouched,
      limitEnforcedBy: held?.description, steps: job.steps, examples: examples, tokens: tokens,
      secondsPerStep: durations.isEmpty ? 0 : durations.sorted()[durations.count / 2], firstLoss: losses.first,
      lastLoss: tail.isEmpty ? nil : tail.reduce(0, +) / Double(tail.count), scores: scores ?? [],
      evaluationExamples: prepared.evaluation?.count ?? 0)
  }

  /// The runtime's own share, complete.
  private struct Prepared {
    let program: StepProgram
    let context: KernelContext
    /// nil where only the runtime is measured.
    let model: Model?
    let evaluation: PreparedData?
    var feeder: BatchFeeder
    let baseline: ProcessMemory
  }

  private func prepare() throws -> Prepared {
    report(.stage("lowering the step"))
    let plan = job.plan
    let graph = EncoderGraph(plan.model.configuration)
    let program = StepProgram(graph, plan.recipe, try plan.selection(of: graph))
    let context = try KernelContext(threads: plan.recipe.threads)
    try context.warmUp()
    let model = try job.modelDirectory.map {
      try ModelSource.resolve($0, problem: plan.model.configuration.problem, needsWeights: true)
    }
    if let model, model.identity != plan.model.identity {
      throw PlanError.otherModel(expected: plan.model.name, found: model.displayName)
    }
    let training = try job.trainingData.map { try PreparedData(opening: URL(fileURLWithPath: $0)) }
    let evaluation = try job.evaluationData.map { try PreparedData(opening: URL(fileURLWithPath: $0)) }
    let feeder = BatchFeeder(
      recipe: plan.recipe, configuration: graph.configuration, data: training, seed: job.seed)
    try Miniature.run(plan.recipe, context, like: graph.configuration)
    report(.progress(step: 0, steps: job.steps, loss: 0.5, tokensPerSecond: 0.5))
    Heap.releaseFreePages()
    return Prepared(
      program: program, context: context, model: model, evaluation: evaluation, feeder: feeder,
      baseline: try ProcessMemory.current())
  }

  private func keep(_ engine: Engine, _ model: Model) throws {
    switch job.purpose {
    case .measure, .measureRuntime: break
    case .prime(let path):
      let scores = try Priming.scores(engine, model: model, task: job.task, steps: job.steps)
      try PlanFile.write(scores, to: path)
    case .save(let directory, let overwriting):
      try CheckpointWriter.write(
        model, to: URL(fileURLWithPath: directory), labels: job.labels, overwriting: overwriting
      ) { parameter, sink in
        try engine.readTensor(parameter) { try sink.write($0) }
      }
    }
  }
}
