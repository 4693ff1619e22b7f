import Checkpoints
import Engine
import Files
import Foundation
import Graph
import Kernels
import Limits
import Planning
import Steps
import Tasks
import Units

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
    var started = try start()
    if case .save = job.purpose { StopRequest.install() }
    try started.loop.run()
    let (scores, keptStep, predictions) = try chooseWeights(&started.loop)
    let (engine, history, clock) = (started.loop.engine, started.loop.history, started.loop.clock)
    let untouched = Residency(engine).untouched()
    let peak = try ProcessMemory.current()
    report(.stage("keeping the result"))
    let scoringTimes = try keep(engine, started.model, steps: history.step)
    // Last, so that a disk that is full by then costs the predictions and not the run.
    if let path = job.predictions, let predictions { try AtomicFile.write(predictions, to: path) }

    let tail = history.losses.suffix(max(1, history.step / 10))
    return TrainingReport(
      baselineResidentBytes: started.baseline.resident,
      residentPeakBytes: started.isPeakReset ? peak.peakResident : nil,
      measuredPeakBytes: engine.highWaterBytes + engine.mappedTensors.reduce(0) { $0 + $1.bytes.count },
      arenaBytes: engine.program.arenaBytes, mappedBytes: engine.program.mappedBytes, untouched: untouched,
      limitEnforcedBy: started.held?.description, steps: history.step,
      resumedFrom: started.loop.checkpoints?.resumed?.summary.step, examples: history.examples,
      tokens: history.tokens, secondsPerStep: clock.medianSeconds, tokensPerSecond: clock.tokensPerSecond,
      secondsToFirstStep: clock.secondsToFirstStep,
      times: clock.steps > 0 ? StepTimes(engine, steps: clock.steps, data: clock.data) : nil,
      firstLoss: history.losses.first,
      lastLoss: tail.isEmpty ? nil : tail.reduce(0, +) / Double(tail.count), scores: scores,
      evaluationExamples: started.loop.evaluation?.count ?? 0, evaluations: history.evaluations,
      keptStep: keptStep, scoringTimes: scoringTimes)
  }

  /// A run before its first step, or before the first after a checkpoint.
  private struct Started {
    var loop: TrainingLoop
    let model: Model
    let baseline: ProcessMemory
    let held: HeldLimits?
    let isPeakReset: Bool
  }

  /// Takes the limit, reserves the arena and fills it.
  ///
  /// What was prepared goes out of scope here: were batch and history held twice, the first change would copy them.
  private func start() throws -> Started {
    var prepared = try prepare()
    let held = try LimitPlan.fromEnvironment()?.applyToSelf()
    let (plan, program) = (job.plan, prepared.program)
    guard let model = prepared.model else { throw PreparationError.noWeights(plan.model.name) }
    report(.stage("reserving the arena of \(ByteCount.formatExactly(program.arenaBytes))"))
    let isPeakReset = ProcessMemory.resetPeak()
    let engine = try Engine(
      program, source: model.initialWeights(seed: job.settings.seed), learnerNodes: plan.learnerNodes,
      context: prepared.context, seed: job.settings.seed)
    report(.stage("reading weights"))
    try engine.loadWeights()
    if job.rehearses {
      report(.stage("rehearsing the largest batch"))
      prepared.feeder.fillLargest()
      _ = try engine.train(prepared.feeder.batch, step: 1, UpdateSettings(learningRate: 0))
      prepared.feeder.fillLargest(sequences: plan.recipe.microBatch)
      try engine.evaluate(prepared.feeder.batch) { _, _ in }
      try engine.loadWeights()
      engine.forgetTimes()
    }
    if let checkpoint = prepared.checkpoints?.resumed {
      report(.stage("going on from \(checkpoint.path)"))
      try checkpoint.restore(&prepared.history, parts: engine.persistentBytes)
    }
    let loop = TrainingLoop(
      job: job, engine: engine, task: try job.task.map { try TaskDefinition.named($0) },
      evaluation: prepared.evaluation, checkpoints: prepared.checkpoints, report: report,
      feeder: prepared.feeder, history: prepared.history)
    return Started(
      loop: loop, model: model, baseline: prepared.baseline, held: held, isPeakReset: isPeakReset)
  }

  /// Evaluates the last step's weights, and goes back to the best ones where those are to be kept.
  ///
  /// - Returns: the scores and the step of the weights that the engine then holds, and what these predict where that is wanted.
  private func chooseWeights(
    _ loop: inout TrainingLoop
  ) throws -> (scores: [Score], step: Int, predictions: String?) {
    let keepsPredictions = job.predictions != nil
    let (scores, predictions) = try loop.evaluate(keepsPredictions: keepsPredictions)
    guard job.settings.keeping == .best, let best = loop.history.best, best.step < loop.history.step,
      let checkpoints = loop.checkpoints
    else { return (scores, loop.history.step, predictions) }
    report(.stage("going back to step \(best.step)"))
    try checkpoints.restoreBest(best, loop.engine)
    let ofBest = keepsPredictions ? try loop.scores(keepsPredictions: true).predictions : nil
    return (best.scores, best.step, ofBest)
  }

  /// The runtime's own share, complete.
  private struct Prepared {
    let program: StepProgram
    let context: KernelContext
    /// nil where only the runtime is measured.
    let model: Model?
    let evaluation: PreparedData?
    let checkpoints: RunCheckpoints?
    var history: RunHistory
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
      recipe: plan.recipe, configuration: graph.configuration, data: training, seed: job.settings.seed)
    let checkpoints = try job.checkpoints.map { try RunCheckpoints($0, job.settings, program) }
    let history = RunHistory(steps: job.settings.steps)
    try Miniature.run(plan.recipe, context, like: graph.configuration)
    report(
      .progress(
        StepProgress(
          step: 0, steps: job.settings.steps, loss: 0.5, learningRate: 0.5, tokensPerSecond: 0.5,
          arenaBytes: program.arenaBytes, residentBytes: ProcessFigures.residentBytes,
          metric: Score(metric: .accuracy, value: 0.5), metricStep: 0)))
    Heap.releaseFreePages()
    return Prepared(
      program: program, context: context, model: model, evaluation: evaluation,
      checkpoints: checkpoints, history: history, feeder: feeder, baseline: try ProcessMemory.current())
  }

  /// - Returns: what scoring took, where that was the purpose.
  private func keep(_ engine: Engine, _ model: Model, steps: Int) throws -> ScoringTimes? {
    switch job.purpose {
    case .measure, .measureRuntime: return nil
    case .prime(let path):
      let (sums, times) = try PrimingSums.measure(engine, steps: steps)
      try sums.write(to: URL(fileURLWithPath: path))
      return times
    case .save(let directory, let overwriting):
      try CheckpointWriter.write(
        model, to: URL(fileURLWithPath: directory), labels: job.labels, overwriting: overwriting
      ) { parameter, sink in
        try engine.readTensor(parameter) { try sink.write($0) }
      }
      return nil
    }
  }
}
