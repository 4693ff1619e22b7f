import Planning

/// Writes a plan down as a file that another trainer carries out.
public protocol Exporter: Sendable {
  /// The file's whole text: the same for the same plan.
  ///
  /// - Throws: `PlanError` or ``ExportError`` when the plan contradicts itself.
  func export(_ plan: Plan) throws -> String
}

/// The trainers that plans can be written for.
public enum ExportTarget: String, Sendable, CaseIterable {
  /// Plain PyTorch and Hugging Face's Trainer: a Python module.
  case pytorch

  /// - Throws: ``ExportError/unknownTarget(_:)``, which lists the known ones.
  public init(named name: String) throws(ExportError) {
    guard let target = ExportTarget(rawValue: name) else { throw .unknownTarget(name) }
    self = target
  }

  /// - Parameter producer: what the file says made it, such as `permafrost 1.0`.
  public func exporter(producer: String) -> any Exporter {
    switch self {
    case .pytorch: PyTorchExporter(producer: producer)
    }
  }
}
