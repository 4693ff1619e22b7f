import Foundation

/// How the learning rate moves over a run: up from zero in a line, then as the schedule's name says.
///
/// The formulas are those of transformers' `optimization.py` (`get_constant_schedule_with_warmup`,
/// `get_linear_schedule_with_warmup`, `get_cosine_schedule_with_warmup` with half a cycle), so that runs compare. As there, the first
/// step of a warm-up has rate zero.
public enum LearningRateSchedule: String, Sendable, Codable, CaseIterable {
  /// Stays.
  case constant
  /// Falls to zero in a line.
  case linear
  /// Falls to zero along half a cosine.
  case cosine

  /// Steps of a warm-up over a share of the run, from 0 to 1, rounded up as transformers' `TrainingArguments` does.
  public static func warmupSteps(of steps: Int, share: Double) -> Int {
    min(steps, Int((Double(steps) * share).rounded(.up)))
  }

  /// What the largest rate is multiplied by, from 0 to 1.
  ///
  /// - Parameters:
  ///   - step: counted from 1.
  ///   - warmup: steps of the warm-up, at most `steps`.
  public func factor(at step: Int, of steps: Int, warmup: Int) -> Double {
    let done = step - 1
    if done < warmup { return Double(done) / Double(max(1, warmup)) }
    let rest = Double(max(1, steps - warmup))
    return switch self {
    case .constant: 1
    case .linear: max(0, Double(steps - done) / rest)
    case .cosine: max(0, 0.5 * (1 + cos(.pi * (Double(done - warmup) / rest))))
    }
  }
}
