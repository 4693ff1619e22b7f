/// The resident bytes of a training process before it holds any tensor, and how they are known.
public struct RuntimeShare: Sendable, Hashable {
  public enum Source: String, Sendable, Codable {
    /// On this machine, just now, in a process that starts as the training one does.
    case measured
    /// By the device's profile.
    case profile
    /// On the command line.
    case given
    /// As measured once for another trainer's process.
    case trainer
    /// By a plan.
    case recorded
  }

  public let bytes: Int
  public let source: Source

  public init(bytes: Int, source: Source) {
    self.bytes = bytes
    self.source = source
  }

  /// A measurement to plan with, above which training does not come out.
  ///
  /// Two MiB are added, and the sum rounded up to a whole one. One is for the start: which file pages are resident varies by more than
  /// half a MiB from run to run, most after the program was built or installed, and a run has data and a model's names. The other is for what
  /// becomes resident beside the arena while it trains: 0.46 to 1.03 MiB, for BERT-tiny to BERT-base, on data and without
  /// (`permafrost verify --json`: the peak less the baseline and the prediction).
  public static func planned(measured bytes: Int) -> RuntimeShare {
    let mebibyte = 1 << 20
    let (sum, overflow) = bytes.addingReportingOverflow(3 * mebibyte - 1)
    return RuntimeShare(bytes: overflow ? bytes : sum / mebibyte * mebibyte, source: .measured)
  }

  /// The end of a sentence about the bytes.
  var words: String {
    switch source {
    case .measured: "as measured here"
    case .profile: "from the device's profile"
    case .given: "as given"
    case .trainer: "by default; measure yours (docs/trainers.md)"
    case .recorded: "as the plan records"
    }
  }
}
