import Graph

/// Where the values of a graph's parameters come from.
public protocol ParameterSource: Sendable {
  /// The parameter's elements where they lie in a file mapped read-only, or nil where they must be copied with `read`.
  /// Valid while the source lives.
  func mappedFloats(_ parameter: Parameter) -> UnsafeBufferPointer<Float>?

  /// Copies elements, row-major, to `destination`.
  ///
  /// - Throws: `FileError`.
  func read(_ parameter: Parameter, elements: Range<Int>, into destination: UnsafeMutablePointer<Float>) throws
}

extension ParameterSource {
  /// Copies a whole parameter.
  public func read(_ parameter: Parameter, into destination: UnsafeMutablePointer<Float>) throws {
    try read(parameter, elements: 0..<parameter.count, into: destination)
  }
}

/// What training starts from: the checkpoint's values, and fresh ones for the parameters it does not hold.
public struct InitialWeights: ParameterSource {
  private let checkpoint: WeightStore?
  private let fresh: RandomWeights

  /// Without a checkpoint, everything is fresh.
  public init(checkpoint: WeightStore?, seed: UInt64) {
    self.checkpoint = checkpoint
    fresh = RandomWeights(seed: seed)
  }

  public func mappedFloats(_ parameter: Parameter) -> UnsafeBufferPointer<Float>? {
    holder(of: parameter).mappedFloats(parameter)
  }

  public func read(
    _ parameter: Parameter, elements: Range<Int>, into destination: UnsafeMutablePointer<Float>
  ) throws {
    try holder(of: parameter).read(parameter, elements: elements, into: destination)
  }

  private func holder(of parameter: Parameter) -> any ParameterSource {
    if let checkpoint, checkpoint.contains(parameter) { checkpoint } else { fresh }
  }
}
