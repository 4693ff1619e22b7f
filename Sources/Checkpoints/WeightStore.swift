import Foundation
import Graph

/// The tensors of a checkpoint under the names of a graph's parameters, checked against its shapes.
///
/// One file (`model.safetensors`) or several with an index; names with or without the family's prefix; the LayerNorm
/// names of the first TensorFlow conversions. Tensors of heads that the graph does not have are left alone.
public struct WeightStore: ParameterSource {
  private struct Entry {
    let file: SafetensorsFile
    let tensor: SafetensorsTensor
  }

  public let graph: EncoderGraph
  /// In the order of their names.
  public let files: [SafetensorsFile]
  /// Parameters the checkpoint does not hold, to start from `RandomWeights`: the head's, and of BERT the pooler's.
  public let freshParameters: [ParameterID]
  /// Names, sorted, of tensors in the checkpoint that the graph has no use for.
  public let ignoredTensors: [String]
  /// By parameter; nil where fresh.
  private let entries: [Entry?]

  /// Opens and checks the checkpoint in a directory; reads headers only.
  ///
  /// - Throws: `FileError`, `SafetensorsError`, `CheckpointError`.
  public init(directory: URL, graph: EncoderGraph) throws {
    try self.init(files: SafetensorsIndex.files(in: directory), path: directory.path, graph: graph)
  }

  private init(files: [SafetensorsFile], path: String, graph: EncoderGraph) throws {
    let parameters = Dictionary(uniqueKeysWithValues: graph.parameters.map { ($0.name, $0) })
    var entries = [Entry?](repeating: nil, count: graph.parameters.count)
    var ignored: [String] = []
    for file in files {
      for tensor in file.header.tensors {
        let name = graph.parameterName(inCheckpoint: tensor.name)
        guard let parameter = parameters[name] else {
          guard !graph.mustKnow(name) else {
            throw CheckpointError(path: file.path, reason: .unexpected(tensor: tensor.name))
          }
          ignored.append(tensor.name)
          continue
        }
        if let other = entries[parameter.id] {
          throw CheckpointError(
            path: file.path, reason: .ambiguous(tensor: name, other.tensor.name, tensor.name))
        }
        try Self.check(tensor, is: parameter, path: file.path)
        entries[parameter.id] = Entry(file: file, tensor: tensor)
      }
    }
    self.graph = graph
    self.files = files
    self.entries = entries
    ignoredTensors = ignored.sorted()
    freshParameters = try Self.fresh(in: graph, path: path) { entries[$0] != nil }
  }

  private static func check(_ tensor: SafetensorsTensor, is parameter: Parameter, path: String) throws {
    guard tensor.shape == parameter.shape else {
      throw CheckpointError(
        path: path, reason: .wrongShape(tensor: tensor.name, expected: parameter.shape, got: tensor.shape))
    }
    guard tensor.dataType.widensToFloat32 else {
      throw CheckpointError(
        path: path, reason: .unsupportedDataType(tensor: tensor.name, tensor.dataType))
    }
  }

  /// The parameters to start afresh; only the head and the pooler may be, each as a whole.
  private static func fresh(
    in graph: EncoderGraph, path: String, isPresent: (ParameterID) -> Bool
  ) throws -> [ParameterID] {
    var fresh: [ParameterID] = []
    var missing: [ParameterID] = []
    for group in graph.groups {
      let absent = group.parameters.filter { !isPresent($0) }
      guard group.kind == .head || group.kind == .pooler else {
        missing += absent
        continue
      }
      if let first = absent.first, absent.count < group.parameters.count {
        throw CheckpointError(
          path: path, reason: .incomplete(group: group.name, missing: graph.parameters[first].name))
      }
      fresh += absent
    }
    if let first = missing.first {
      let parameter = graph.parameters[first]
      throw CheckpointError(
        path: path,
        reason: .missing(tensor: parameter.name, expected: parameter.shape, others: missing.count - 1))
    }
    return fresh
  }

  /// Whether the checkpoint holds the parameter.
  public func contains(_ parameter: Parameter) -> Bool { entries[parameter.id] != nil }

  /// The tensor's own name in the checkpoint; nil where the parameter is fresh.
  public func checkpointName(for parameter: Parameter) -> String? { entries[parameter.id]?.tensor.name }

  /// The file and the tensor in it; nil where the parameter is fresh.
  public func location(of parameter: Parameter) -> (file: SafetensorsFile, tensor: SafetensorsTensor)? {
    entries[parameter.id].map { ($0.file, $0.tensor) }
  }

  /// The parameter's elements in the mapped file, or nil where it is fresh, not F32, or not aligned to 4 bytes.
  public func mappedFloats(_ parameter: Parameter) -> UnsafeBufferPointer<Float>? {
    entries[parameter.id].flatMap { $0.file.mappedFloats($0.tensor) }
  }

  /// Copies elements of a parameter the checkpoint holds, widening 16-bit floats; touches no mapped page.
  public func read(
    _ parameter: Parameter, elements: Range<Int>, into destination: UnsafeMutablePointer<Float>
  ) throws {
    guard let entry = entries[parameter.id] else {
      preconditionFailure("\(parameter.name) is fresh: read it from InitialWeights")
    }
    try entry.file.read(entry.tensor, elements: elements, into: destination)
  }
}

extension EncoderGraph {
  /// The parameter name that a checkpoint's tensor name stands for.
  fileprivate func parameterName(inCheckpoint name: String) -> String {
    let canonical = canonicalName(name)
    // TensorFlow's names for LayerNorm, kept by the first conversions of BERT.
    for (old, new) in [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")]
    where canonical.hasSuffix(old) {
      return canonical.dropLast(old.count) + new
    }
    return canonical
  }

  /// Whether a tensor of this name must be one of the parameters: it lies in the encoder and is no known buffer.
  ///
  /// Elsewhere lie the heads of other tasks (`cls.`, `vocab_transform.`, `qa_outputs.`).
  fileprivate func mustKnow(_ name: String) -> Bool {
    let buffers = ["embeddings.position_ids", "embeddings.token_type_ids"]
    let module = name.prefix { $0 != "." }
    return !buffers.contains(name) && parameters.contains { !$0.isHead && $0.name.hasPrefix(module + ".") }
  }
}
