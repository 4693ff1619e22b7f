/// The resident bytes of a training process before it holds any tensor, and how they are known.
public struct RuntimeShare: Sendable, Hashable {
  public enum Source: String, Sendable, Codable {
    /// On this machine, just now, in a process that starts as the training one does.
    case measured
    /// By the device's profile.
    case profile
    /// On the command line.
    case given
  }

  public let bytes: Int
  public let source: Source

  public init(bytes: Int, source: Source) {
    self.bytes = bytes
    self.source = source
  }

  /// The end of a sentence about the bytes.
  var words: String {
    switch source {
    case .measured: "measured here"
    case .profile: "from the device's profile"
    case .given: "as given"
    }
  }
}
