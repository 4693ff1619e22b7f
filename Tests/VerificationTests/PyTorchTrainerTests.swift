import Checkpoints
import Foundation
import Graph
import Limits
import Planning
import Steps
import Tasks
import TestSupport
import Testing
import TrainerModels
import Training

@testable import Verification

@Suite("PyTorch's process")
struct PyTorchTrainerTests {
  private static let graph = EncoderGraph(
    EncoderConfiguration(
      family: .bert, vocabularySize: 50, maximumPositions: 16, hiddenSize: 16, feedForwardSize: 32,
      layerCount: 2, headCount: 2))

  private func plan(_ change: (inout Recipe) -> Void = { _ in }) -> Plan {
    var selection = Selection.full(Self.graph)
    selection.retained = [8, 32]
    var recipe = Recipe(batch: 3, sequence: 8, threads: 1)
    change(&recipe)
    return .given(
      selection,
      PlanRequest(
        graph: Self.graph, modelName: "small", modelIdentity: Self.graph.identity, recipe: recipe,
        scores: .prior(Self.graph, modelIdentity: Self.graph.identity), budgetBytes: 1 << 30, mappedFree: true,
        runtimeBytes: 1 << 20))
  }

  private func run(_ plan: Plan) throws -> PlanRun {
    let model = Model(configuration: HuggingFaceConfiguration(Self.graph.configuration), displayName: "small")
    return PlanRun(
      plan: plan, preparation: try Preparation(model: model, seed: 1, copiesWeights: true), task: nil,
      settings: TrainingSettings(steps: 5, learningRate: 1e-3), rehearses: true)
  }

  /// A trainer whose Python has all packages, and for a script does what `body` says; `$2` is its job file.
  private func trainer(_ body: String, in directory: URL) throws -> PyTorchTrainer {
    let answer = #"{"version": [3, 11, 7], "missing": []}"#
    let path = try writeShellScript(
      "if [ \"$1\" = -c ]; then echo '\(answer)'; exit; fi\n\(body)", named: "python", in: directory)
    return PyTorchTrainer(python: try PythonInterpreter(path), options: PyTorchOptions(), producer: "test")
  }

  @Test("finds its files, is listened to, and is asked for the tensors alive without the limit")
  func measuring() throws {
    try withTemporaryDirectory { directory in
      let trainer = try trainer(
        """
        folder=$(dirname "$2")
        for name in freeze_plan plan_training; do test -s "$folder/$name.py" || exit 5; done
        test -s "$1" && test "$OMP_NUM_THREADS" = 1 || exit 6
        if grep -q '"purpose" : "live"' "$2"; then
          test -z "$PERMAFROST_LIMIT" || exit 7
          echo '{"measured": {"_0": {"versions": "x", "baselineResidentBytes": 9, "liveBytes": 123}}}'
        else
          test -n "$PERMAFROST_LIMIT" || exit 8
          echo 'something else'
          echo '{"stage": {"_0": "reading weights"}}'
          echo '{"progress": {"_0": {"step": 1, "steps": 5, "loss": 0.5, "learningRate": 0, "tokensPerSecond": 7}}}'
          echo '{"measured": {"_0": {"versions": "x", "baselineResidentBytes": 1000, "residentPeakBytes": 5000,
        "secondsPerStep": 0.25, "firstLoss": 0.75, "lastLoss": 0.5, "evaluationExamples": 0}}}' | tr -d '\\n'
        fi
        """, in: directory)
      var steps: [Int] = []
      let outcome = try LimitPlan.with(budget: 1 << 30, mechanisms: [.dataSegment]) { limit in
        try trainer.run(run(plan()), limit: limit) { message in
          if case .progress(let progress) = message { steps.append(progress.step) }
        }
      }
      guard case .finished(let measured) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      #expect(steps == [1])
      #expect(measured.peakBytes == 123 && measured.residentPeakBytes == 5000 && measured.trainerVersion == "x")
      #expect(
        measured.baselineResidentBytes == 1000 && measured.secondsPerStep == 0.25 && measured.scores.isEmpty)
    }
  }

  @Test("stopped by its limit did not fit, at the stage it was in; other ends are errors of one line")
  func ends() throws {
    try withTemporaryDirectory { directory in
      let stage = #"echo '{"stage": {"_0": "reading weights"}}'"#
      let refused = #"echo '{"reservationRefused": {"bytes": 1048576, "stage": "step 2"}}'"#
      let failed = #"echo '{"failed": {"message": "no such module", "exitStatus": 69}}'"#
      func outcome(_ body: String) throws -> RunOutcome {
        let trainer = try trainer(body, in: directory)
        return try LimitPlan.with(budget: 1 << 30, mechanisms: [.dataSegment]) { limit in
          try trainer.run(run(plan()), limit: limit) { _ in }
        }
      }
      guard case .didNotFit(let reason, let where_) = try outcome("\(stage)\n\(refused)\nexit 71") else {
        Issue.record("it fitted")
        return
      }
      #expect(reason == "the system refused to reserve 1.0 MiB" && where_ == "step 2")
      #expect(throws: WorkerError.failed(message: "no such module", exitStatus: .unavailable)) {
        try outcome("\(failed)\nexit 69")
      }
      let path = directory.appendingPathComponent("python").path
      #expect(
        throws: PythonError.lost(path: path, how: "exited with code 3", stage: "reading weights")
      ) { try outcome("\(stage)\nexit 3") }
      #expect(throws: PythonError.lost(path: path, how: "exited with code 0", stage: "starting")) {
        try outcome("exit 0")
      }
    }
  }

  @Test("is predicted by the model of PyTorch, of which nothing is mapped; recipes that it has not are refused")
  func predicting() throws {
    try withTemporaryDirectory { directory in
      let trainer = try trainer("exit 1", in: directory)
      let step = TrainingStep(
        TrainerModel.pytorch.template(Self.graph, plan().recipe), try plan().selection(of: Self.graph))
      let memory = TrainerModel.pytorch.memory(of: step)
      let adapted = try trainer.adapted(plan())
      #expect(adapted.mappedBytes == 0 && !adapted.mappedFree && adapted.trainer == .pytorch)
      let prediction = trainer.prediction(adapted)
      #expect(prediction.peakBytes == memory.liveBytes && prediction.allocatorBytes == memory.allocatorBytes)
      var back = try EngineTrainer(executable: "").adapted(adapted)
      #expect(back != adapted && !back.mappedFree)
      back.mappedFree = true
      #expect(back == plan())
      for change: (inout Recipe) -> Void in [{ $0.optimizer = .lion }, { $0.frozenWeights = .bfloat16 }] {
        #expect(throws: PlanError.self) { try trainer.adapted(plan(change)) }
      }
    }
  }

  @Test("sees the engine's examples in the engine's order, the last batch of an epoch filled up with -1")
  func order() throws {
    let job = PyTorchJob(try run(plan()), options: PyTorchOptions())
    let bytes = job.batchIndices(of: 7)
    let numbers = stride(from: 0, to: bytes.count, by: 4).map { start in
      bytes[start..<start + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }.map { Int(Int32(bitPattern: $0)) }
    let sampler = BatchSampler(exampleCount: 7, batchSize: 3, order: .shuffled(seed: 0))
    #expect(numbers == (0..<5).flatMap { (sampler.batch(at: $0) + [-1, -1]).prefix(3) })
    #expect(Set(numbers[0..<7]) == Set(0..<7) && numbers[7...8] == [-1, -1])
    #expect(job.learningRates.count == 5 && job.learningRates.max() == 1e-3)
  }
}
