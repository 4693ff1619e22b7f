import Reporting
import Training
import Units

/// Shows what a training process says.
final class TrainingProgress {
  private let output: OutputOptions
  private var reporter: ProgressReporter?
  private var run = ""

  init(_ output: OutputOptions) { self.output = output }

  func show(_ run: String, _ message: WorkerMessage) {
    guard case .progress(let step, let steps, let loss, let rate) = message, step > 0 else { return }
    if run != self.run || reporter == nil {
      reporter?.finish()
      reporter = output.progress(total: steps, label: run)
      self.run = run
    }
    reporter?.advance(
      to: step,
      detail: "loss \(Quantity.fixed(loss, decimals: 4)), \(Quantity.count(Int(rate))) tokens/s")
    if step == steps { finish() }
  }

  func finish() {
    reporter?.finish()
    reporter = nil
  }
}
