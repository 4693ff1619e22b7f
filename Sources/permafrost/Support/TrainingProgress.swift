import Foundation
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
    guard case .progress(let progress) = message, progress.step > 0 else { return }
    if run != self.run || reporter == nil {
      reporter?.finish()
      reporter = output.progress(total: progress.steps, label: run, from: progress.step)
      self.run = run
    }
    reporter?.advance(to: progress.step, detail: progress.details)
    if progress.step == progress.steps { finish() }
  }

  func finish() {
    reporter?.finish()
    reporter = nil
  }
}

extension StepProgress {
  /// What a line of progress says, the most wanted first: a narrow terminal cuts it off.
  fileprivate var details: String {
    var parts = ["loss \(Quantity.fixed(loss, decimals: 4))"]
    if let metric {
      parts.append("\(metric.metric.rawValue) \(Quantity.fixed(metric.value, decimals: 4))")
    }
    parts.append("\(Quantity.count(Int(tokensPerSecond))) tokens/s")
    if let residentBytes {
      parts.append("\(ByteCount.format(residentBytes)) resident")
    }
    if let arenaBytes { parts.append("\(ByteCount.format(arenaBytes)) arena") }
    parts.append("rate \(Self.short(learningRate))")
    return parts.joined(separator: ", ")
  }

  /// Two digits that matter: `9.1e-05`.
  private static func short(_ rate: Double) -> String {
    guard rate > 0 else { return "0" }
    let exponent = Int(log10(rate).rounded(.down))
    return "\(Quantity.fixed(rate / pow(10, Double(exponent)), decimals: 1))e\(exponent)"
  }
}
