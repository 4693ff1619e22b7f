import Steps

/// What a trainer's process needs at its peak.
public struct TrainerMemory: Hashable, Sendable {
  /// The most bytes of tensors alive at once, each rounded as the allocator counts it.
  public let liveBytes: Int
  /// What the allocator holds beside them: gaps between tensors and blocks kept for later.
  public let allocatorBytes: Int
  /// The process before it holds a tensor: interpreter, libraries and what they keep.
  public let processBytes: Int

  /// The most bytes resident.
  public var residentBytes: Int { liveBytes + allocatorBytes + processBytes }
}
