import Files
import Foundation
import Graph

/// Writes a model as a directory that transformers loads: `config.json`, `model.safetensors`, the tokenizer's files.
public enum CheckpointWriter {
  /// Copied from the model's own directory where they are there.
  static let tokenizerFiles = [
    "tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "merges.txt", "added_tokens.json",
    "sentencepiece.bpe.model", "special_tokens_map.json",
  ]

  /// Writes a directory beside its final name and renames it, so that it appears whole or not at all; a symbolic link stays, and what it
  /// leads to is replaced.
  ///
  /// - Parameters:
  ///   - labels: the classes' names, as many as the head's outputs; nil keeps the model's or numbers them.
  ///   - overwriting: whether to replace a checkpoint that is already there; any other directory with something in it
  ///     is refused.
  ///   - contents: called once for each parameter, in the graph's order; gives all its elements to the sink, row-major.
  /// - Throws: `CheckpointError`, `FileError`, what `contents` throws.
  public static func write(
    _ model: Model, to directory: URL, labels: [String]? = nil, overwriting: Bool = false,
    contents: (_ parameter: Parameter, _ sink: inout SafetensorsWriter.Sink) throws -> Void
  ) throws {
    try checkTarget(directory, overwriting: overwriting)
    let place = resolvedPath(directory.path)
    let temporary = URL(fileURLWithPath: temporaryName(beside: place), isDirectory: true)
    guard mkdir(temporary.path, 0o755) == 0 else { throw FileError(.create, path: directory.path) }
    do {
      try writeFiles(model, labels, in: temporary, contents)
      try move(temporary, to: place)
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw error
    }
  }

  private static func writeFiles(
    _ model: Model, _ labels: [String]?, in directory: URL,
    _ contents: (Parameter, inout SafetensorsWriter.Sink) throws -> Void
  ) throws {
    let configuration = Array(model.configuration.contents(labels: labels).utf8)
    try AtomicFile.write(
      configuration, to: directory.appendingPathComponent(ModelSource.configurationFile).path)
    if let source = model.directory {
      for name in tokenizerFiles {
        let file = source.appendingPathComponent(name)
        guard FileManager.default.fileExists(atPath: file.path) else { continue }
        try AtomicFile.write(
          RegularFile.contents(of: file.path), to: directory.appendingPathComponent(name).path)
      }
    }
    let graph = model.graph
    let tensors = graph.parameters.map {
      SafetensorsWriter.Tensor(name: graph.qualifiedName($0), shape: $0.shape)
    }
    var parameters = graph.parameters.makeIterator()
    try SafetensorsWriter.write(tensors, to: directory.appendingPathComponent(SafetensorsIndex.singleFile)) {
      _, sink in
      if let parameter = parameters.next() { try contents(parameter, &sink) }
    }
  }

  /// Whether a checkpoint may be written there, to be asked before long work.
  ///
  /// - Throws: `CheckpointError` where something stands in the way.
  public static func checkTarget(_ directory: URL, overwriting: Bool) throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: directory.path, isDirectory: &isDirectory) else { return }
    guard isDirectory.boolValue else { throw CheckpointError(path: directory.path, reason: .notADirectory) }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory.path) else {
      throw FileError(.create, path: directory.path, code: EACCES)
    }
    guard names.isEmpty || overwriting else {
      throw CheckpointError(path: directory.path, reason: .directoryExists)
    }
    guard names.isEmpty || names.contains(ModelSource.configurationFile) else {
      throw CheckpointError(path: directory.path, reason: .notACheckpoint)
    }
  }

  /// Gives the finished directory its name; what had it is moved aside first, and back if that fails.
  private static func move(_ temporary: URL, to directory: String) throws {
    let old = temporaryName(beside: directory)
    let hadOld = rename(directory, old) == 0
    guard hadOld || errno == ENOENT else { throw FileError(.rename, path: directory) }
    guard rename(temporary.path, directory) == 0 else {
      let code = errno
      if hadOld { _ = rename(old, directory) }
      throw FileError(.rename, path: directory, code: code)
    }
    synchronize(directoryOf: directory)
    if hadOld { try? FileManager.default.removeItem(atPath: old) }
  }
}
