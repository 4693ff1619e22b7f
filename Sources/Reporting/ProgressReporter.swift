import Units

/// Progress of long work on standard error: a line that rewrites itself on a terminal, plain lines every few seconds
/// elsewhere.
///
///     let progress = ProgressReporter(total: 300, label: "training")
///     for step in 1...300 { progress.advance(to: step, detail: "loss 0.412") }
///     progress.finish()
///
/// Used from one thread. Nothing is allocated between two lines that are shown.
public final class ProgressReporter {
  /// Where progress goes.
  public enum Mode: Sendable {
    case bar
    case lines
    case silent

    /// A bar on a terminal, lines elsewhere.
    public static var standard: Mode { Terminal.standardError.isInteractive ? .bar : .lines }
  }

  private let total: Int
  private let label: String
  private let start: Int
  private let mode: Mode
  private let delay: Duration
  private let write: (String) -> Void
  private let now: () -> Duration
  private var shown: (time: Duration, done: Int)?
  private var last = (done: 0, detail: "")
  private var isFinished = false

  /// - Parameters:
  ///   - total: units of work, at least 1.
  ///   - start: units that were done before the clock starts, which say nothing of how long the rest takes.
  ///   - delay: work that is done sooner shows nothing.
  ///   - write, now: where text goes and what time it is; for tests.
  public init(
    total: Int, label: String, from start: Int = 0, mode: Mode = .standard, delay: Duration = .zero,
    write: @escaping (String) -> Void = { _ = Terminal.standardError.write($0) },
    now: (() -> Duration)? = nil
  ) {
    self.total = max(total, 1)
    self.label = label
    self.start = start
    self.mode = mode
    self.delay = delay
    self.write = write
    let begin = ContinuousClock.now
    self.now = now ?? { ContinuousClock.now - begin }
  }

  deinit { finish() }

  /// Says how many units are done; shown when enough time has passed since the last time.
  ///
  /// - Parameter detail: what else to show; evaluated only when it is.
  public func advance(to done: Int, detail: @autoclosure () -> String = "") {
    guard mode != .silent, !isFinished else { return }
    let time = now()
    guard time >= delay else { return }
    let interval: Duration = mode == .bar ? .milliseconds(100) : .seconds(5)
    if let shown, time - shown.time < interval, done < total {
      last = (done, "")  // what was said of an earlier unit does not hold for this one
      return
    }
    last = (done, detail())
    show(at: time)
  }

  /// Ends the line; what was last said stays on the terminal.
  ///
  /// Does nothing the second time.
  public func finish() {
    guard !isFinished else { return }
    isFinished = true
    guard mode != .silent, let shown else { return }
    if last.done != shown.done { show(at: now()) }
    if mode == .bar { write("\n") }
  }

  private func show(at time: Duration) {
    guard shown?.done != last.done else { return }
    shown = (time, last.done)
    let done = min(max(last.done, 0), total)
    let count = "\(done)/\(total)"
    let rest = [remaining(done, after: time), last.detail].filter { !$0.isEmpty }.joined(separator: ", ")
    switch mode {
    case .silent: break
    case .lines: write("\(label): \(count)\(rest.isEmpty ? "" : ", \(rest)")\n")
    case .bar:
      let width = 24
      let filled = Int((Double(done) / Double(total) * Double(width)).rounded(.down))
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
      let line = "\(label) \(bar) \(count)\(rest.isEmpty ? "" : "  \(rest)")"
      // Longer than the window, it would wrap, and could not be rewritten; CSI K clears what was longer before.
      write("\r" + line.prefix(Terminal.standardError.columns - 1) + "\u{1B}[K")
    }
  }

  private func remaining(_ done: Int, after time: Duration) -> String {
    guard done > start, done < total, time >= .seconds(1) else { return "" }
    let each = time / .seconds(1) / Double(done - start)
    return Quantity.duration(seconds: each * Double(total - done)) + " left"
  }
}
