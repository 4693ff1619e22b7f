import Graph

extension EncoderGraph {
  /// The SHA-256, in hexadecimal, of everything that decides a training step's buffers.
  ///
  /// What is hashed is a text with one line for each choice and each parameter, whose names carry no family prefix.
  /// Dropout counts as on or off, for a mask is a buffer; its probability and LayerNorm's epsilon decide no buffer and
  /// stay out.
  public var identity: String {
    SHA256.hash(of: Array(identityLines.map { $0 + "\n" }.joined().utf8))
  }

  private var identityLines: [String] {
    let c = configuration
    let dropouts = [c.hiddenDropout, c.attentionDropout, c.classifierDropout].map { $0 > 0 ? "on" : "off" }
    let problem =
      switch c.problem {
      case .classification: "classification"
      case .regression: "regression"
      case .multiLabel: "multi-label"
      case .span: "span"
      }
    return [
      "permafrost model shape 1", "family \(c.family.rawValue)", "heads \(c.headCount)",
      "activation \(c.activation.rawValue)", "dropout \(dropouts.joined(separator: " "))", "problem \(problem)",
    ]
      + parameters.map {
        "\($0.name) \($0.role.rawValue) \($0.shape.map(String.init).joined(separator: "x"))"
      }
  }
}

extension WeightStore {
  /// The SHA-256, in hexadecimal, of all files in the order of their names, each after its size as 8 bytes,
  /// little-endian.
  ///
  /// - Throws: `FileError`.
  /// - Complexity: reads every byte, streamed, so that nothing stays resident.
  public func weightsIdentity() throws -> String {
    var hash = SHA256()
    for file in files {
      withUnsafeBytes(of: UInt64(file.byteCount).littleEndian) { hash.update($0) }
      try file.forEachChunk { hash.update($0) }
    }
    return hash.finish()
  }
}
