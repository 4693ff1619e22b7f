import Simulation
import Steps

/// The moment of a step at which most bytes live: what binds where memory is short.
public struct StepPeak: Sendable, Codable, Equatable {
  /// The kernel that runs then.
  public var kernel: String
  /// Bytes alive by category; mapped weights count as weights.
  public var bytes: [BufferCategory: Int]

  init(_ step: TrainingStep) {
    let simulation = Simulation(step)
    (kernel, bytes) = (simulation.peakKernelName, simulation.categories)
  }
}
