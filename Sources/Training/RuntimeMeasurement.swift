import Foundation
import Graph
import Planning
import Steps
import Units

/// Finds out what a training process has resident before its arena and weights, by starting one.
public enum RuntimeMeasurement {
  /// - Parameters:
  ///   - executable: this program.
  ///   - times: how often to measure. The most counts: on a busy machine a measurement sometimes comes out a MiB too low.
  /// - Throws: `WorkerError`.
  public static func residentBytes(
    _ graph: EncoderGraph, _ recipe: Recipe, executable: String, times: Int = 1
  ) throws -> Int {
    // The lowered step is part of the share; full fine-tuning has the most kernels and buffers.
    let plan = Plan.given(
      .full(graph),
      PlanRequest(
        graph: graph, modelName: "", modelIdentity: "", recipe: recipe,
        scores: .prior(graph, modelIdentity: ""),
        budgetBytes: 0, mappedFree: false, runtimeBytes: 0))
    let job = TrainingJob(
      purpose: .measureRuntime, plan: plan, modelDirectory: nil, trainingData: nil, evaluationData: nil,
      task: nil, settings: TrainingSettings(steps: 0, learningRate: 0), rehearses: false)
    let directory = try TemporaryDirectory()
    return try (0..<times).reduce(0) { most, _ in
      let outcome = try Worker.run(job, executable: executable, directory: directory.url) { _ in }
      guard case .runtime(let bytes) = outcome else {
        throw WorkerError.lost(how: "gave no measurement", stage: "starting the runtime")
      }
      return max(most, bytes)
    }
  }
}
