import Checkpoints
import Files
import Foundation
import Planning

/// SHA-256 hashes of what a run is made from.
public struct RunOrigin: Sendable, Codable, Equatable {
  public var plan: String
  public var weights: String
  /// Of the tokenized examples, so that another tokenizer or length is another origin.
  public var trainingData: String?
  public var evaluationData: String?

  public init(plan: String, weights: String, trainingData: String?, evaluationData: String?) {
    self.plan = plan
    self.weights = weights
    self.trainingData = trainingData
    self.evaluationData = evaluationData
  }

  /// - Throws: `FileError`; `PreparationError` for a model without weights.
  /// - Complexity: reads every byte of weights and data, streamed.
  public init(_ plan: Plan, _ preparation: Preparation) throws {
    guard let weights = preparation.model.weights else {
      throw PreparationError.noWeights(preparation.model.displayName)
    }
    var decided = plan
    decided.solveSeconds = 0  // the one figure that differs between equal plans
    self.init(
      plan: try PlanFile.identity(of: decided), weights: try weights.weightsIdentity(),
      trainingData: try preparation.trainingData.map(Self.hash(ofFile:)),
      evaluationData: try preparation.evaluationData.map(Self.hash(ofFile:)))
  }

  private static func hash(ofFile path: String) throws -> String {
    guard let file = FileHandle(forReadingAtPath: path) else { throw FileError(.open, path: path) }
    defer { try? file.close() }
    var hash = SHA256()
    while let chunk = try file.read(upToCount: 1 << 20), !chunk.isEmpty {
      chunk.withUnsafeBytes { hash.update($0) }
    }
    return hash.finish()
  }
}

/// What a checkpoint must have in common with the run that goes on from it, and the layout of its bytes.
struct RunManifest: Codable, Equatable {
  static let currentSchema = 1

  /// One persistent buffer of the arena.
  struct Part: Codable, Equatable {
    var name: String
    var bytes: Int
  }

  var schema = currentSchema
  var origin: RunOrigin
  var settings: TrainingSettings
  var parts: [Part]

  /// Bytes of all parts; nil where no file could be so large.
  var partBytes: Int? {
    var total = 0
    for part in parts {
      guard part.bytes >= 0, part.bytes < Int.max / 4 - total else { return nil }
      total += part.bytes
    }
    return total
  }

  /// The first thing in which another run differs, in words that end "another …", or nil.
  func difference(to other: RunManifest) -> String? {
    let (mine, others) = (settings, other.settings)
    if origin.plan != other.origin.plan { return "plan" }
    if origin.weights != other.origin.weights { return "model" }
    if origin.trainingData != other.origin.trainingData { return "training data" }
    if origin.evaluationData != other.origin.evaluationData { return "evaluation data" }
    func changed<Value: Equatable>(_ name: String, _ value: KeyPath<TrainingSettings, Value>) -> String? {
      mine[keyPath: value] == others[keyPath: value]
        ? nil : "\(name) (\(mine[keyPath: value]), not \(others[keyPath: value]))"
    }
    let setting =
      changed("number of steps", \.steps) ?? changed("seed", \.seed) ?? changed("schedule", \.schedule)
      ?? changed("learning rate", \.learningRate) ?? changed("warm-up", \.warmup)
      ?? changed("weight decay", \.weightDecay) ?? changed("evaluation interval", \.evaluateEvery)
      ?? changed("choice of weights to keep", \.keeping)
    if let setting { return setting }
    return self == other ? nil : "version of the program"
  }
}
