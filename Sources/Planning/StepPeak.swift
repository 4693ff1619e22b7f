import Simulation
import Steps

/// The moment of a step at which most bytes live: what binds where memory is short.
public struct StepPeak: Sendable, Codable, Equatable {
  /// The kernel that runs then.
  public var kernel: String
  /// Bytes alive by category; mapped weights count as weights where they count at all.
  public var bytes: [BufferCategory: Int]

  /// - Parameter mappedFree: whether mapped weights cost nothing.
  init(_ step: TrainingStep, mappedFree: Bool) {
    let simulation = Simulation(step)
    (kernel, bytes) = (simulation.peakKernelName, simulation.categories)
    if mappedFree { bytes[.weights]? -= step.mappedBytes }
  }
}
