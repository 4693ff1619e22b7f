import Foundation
import Graph
import Units

/// Finds the model that a text names.
public enum ModelSource {
  static let configurationFile = "config.json"

  /// Finds a model: a directory with `config.json`, else a name of the catalogue, else a repository in the local
  /// Hugging Face cache.
  ///
  /// A name of the catalogue gives its shape only; where weights are wanted, the cache is searched for it first.
  /// Nothing is fetched. Directories without weights are accepted unless weights are wanted.
  /// - Parameters:
  ///   - problem: what the head predicts; nil takes it from `config.json`, and two classes for the catalogue.
  ///   - environment: where `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME` and `HOME` are looked up.
  /// - Throws: `ModelSourceError`; `ConfigurationError`, `FileError`, `SafetensorsError`, `CheckpointError` for a model
  ///   that was found and is not sound.
  public static func resolve(
    _ text: String, problem: Problem? = nil, needsWeights: Bool = false,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> Model {
    let directory = URL(fileURLWithPath: text)
    if !text.isEmpty, isModel(directory) {
      return try model(
        in: directory, problem, needsWeights, name: directory.standardizedFileURL.lastPathComponent)
    }
    let cache = HuggingFaceCache(environment: environment)
    if let entry = ModelCatalogue.entry(named: text) {
      guard needsWeights else { return model(entry, problem) }
      // Older caches hold the models of the catalogue without their organisation.
      guard let snapshot = cache.snapshot(of: entry.name) ?? cache.snapshot(of: entry.shortName) else {
        throw ModelSourceError.noWeights(name: entry.name, cache: cache.directory.path)
      }
      return try model(in: snapshot, problem, needsWeights, name: entry.name)
    }
    if let snapshot = cache.snapshot(of: text) {
      return try model(in: snapshot, problem, needsWeights, name: text)
    }
    throw ModelSourceError.notFound(
      text, cache: cache.directory.path,
      near: nearest(to: text, among: ModelCatalogue.entries.map(\.shortName) + cache.repositories()))
  }

  /// Where the model that a text names is on disk, and what of it is read; nothing for one whose shape alone is known.
  public static func paths(
    of text: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> [String] {
    let directory = URL(fileURLWithPath: text)
    let cache = HuggingFaceCache(environment: environment)
    let entry = ModelCatalogue.entry(named: text)
    let found =
      !text.isEmpty && isModel(directory)
      ? directory
      : [entry?.name, entry?.shortName, text].lazy.compactMap(\.self).compactMap(cache.snapshot).first
    guard let folder = found?.path else { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let read = names.filter {
      $0 == configurationFile || $0 == SafetensorsIndex.indexFile || $0.hasSuffix(".safetensors")
        || CheckpointWriter.tokenizerFiles.contains($0)
    }
    return [folder] + read.map { "\(folder)/\($0)" }
  }

  private static func isModel(_ directory: URL) -> Bool {
    FileManager.default.fileExists(atPath: directory.appendingPathComponent(configurationFile).path)
  }

  private static func model(_ entry: ModelCatalogue.Entry, _ problem: Problem?) -> Model {
    Model(
      configuration: HuggingFaceConfiguration(entry.encoder(predicting: problem ?? entry.encoder.problem)),
      weights: nil, directory: nil, displayName: entry.shortName)
  }

  private static func model(
    in directory: URL, _ problem: Problem?, _ needsWeights: Bool, name: String
  ) throws -> Model {
    let configuration = try HuggingFaceConfiguration(
      file: directory.appendingPathComponent(configurationFile), problem: problem)
    let graph = EncoderGraph(configuration.encoder)
    let weights =
      needsWeights || SafetensorsIndex.exists(in: directory)
      ? try WeightStore(directory: directory, graph: graph) : nil
    return Model(configuration: configuration, weights: weights, directory: directory, displayName: name)
  }

  /// Up to three names that differ from the text in few letters, or contain it.
  private static func nearest(to text: String, among names: [String]) -> [String] {
    let wanted = text.lowercased()
    let limit = max(2, wanted.count / 3)
    let ranked = Set(names).sorted().compactMap { name -> (name: String, distance: Int)? in
      let candidate = name.lowercased()
      if wanted.count >= 3, candidate.contains(wanted) { return (name, 0) }
      let distance = editDistance(candidate, wanted)
      return distance <= limit ? (name, distance) : nil
    }
    return ranked.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
  }

  /// The fewest insertions, deletions and substitutions from one text to the other (Levenshtein).
  private static func editDistance(_ first: String, _ second: String) -> Int {
    let columns = Array(second)
    var row = Array(0...columns.count)
    for (index, character) in first.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in columns.indices {
        let substituted = diagonal + (columns[column] == character ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(substituted, row[column] + 1, diagonal + 1)
      }
    }
    return row[columns.count]
  }
}

/// Why no model was found under a name.
public enum ModelSourceError: UserFacingError, Hashable {
  case notFound(String, cache: String, near: [String])
  /// The shape is known, the weights are nowhere.
  case noWeights(name: String, cache: String)

  public var exitStatus: ExitStatus { .missingInput }

  public var description: String {
    switch self {
    case .notFound(let text, let cache, let near):
      "no model \(text.quoted): it is no directory with config.json, not in the catalogue, and not in the "
        + "Hugging Face cache \(cache); "
        + (near.isEmpty ? "give a directory or a name such as bert-base-uncased" : "near it: ")
        + near.joined(separator: ", ")
    case .noWeights(let name, let cache):
      "no weights for \(name) in the Hugging Face cache \(cache); fetch them with 'hf download \(name)', or give a "
        + "directory"
    }
  }
}
