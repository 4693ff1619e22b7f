import Checkpoints
import Files
import Foundation
import Graph
import TrainerModels
import Units

/// Reading and writing the planner's JSON files; written beside and renamed, so a file is whole or absent.
public enum PlanFile {
  public static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value) + Data("\n".utf8)
  }

  /// The SHA-256, in hexadecimal, of a value's file as this program writes it.
  public static func identity(of value: some Encodable) throws -> String {
    SHA256.hash(of: try encode(value))
  }

  public static func write(_ value: some Encodable, to path: String) throws {
    try AtomicFile.write(encode(value), to: path)
  }

  public static func readPlan(_ path: String) throws -> Plan {
    let plan: Plan = try read(path, kind: Plan.kind, schema: Plan.currentSchema)
    guard plan.recipe.batch > 0, plan.recipe.sequence > 0, plan.recipe.threads > 0 else {
      throw PlanError.unreadable(path: path, reason: "recipe: batch, sequence and threads must be positive")
    }
    if let reason = plan.model.configuration.brokenRule {
      throw PlanError.unreadable(path: path, reason: "model.configuration: \(reason)")
    }
    if let reason = plan.brokenByteCount { throw PlanError.unreadable(path: path, reason: reason) }
    return plan
  }

  public static func readScores(_ path: String, for graph: EncoderGraph, identity: String) throws -> Scores {
    let data = try load(path)
    var scores: Scores = try decode(data, from: path, kind: Scores.kind, schema: Scores.currentSchema)
    scores.fileIdentity = SHA256.hash(of: data)
    guard scores.modelIdentity == identity else {
      throw PlanError.otherShape(path: path)
    }
    if let reason = scores.brokenRule(graph) { throw PlanError.badScores(reason: reason) }
    return scores
  }

  private struct Header: Decodable {
    let kind: String?
    let schema: Int?
  }

  static func read<Value: Decodable>(_ path: String, kind: String, schema: Int) throws -> Value {
    try decode(load(path), from: path, kind: kind, schema: schema)
  }

  private static func load(_ path: String) throws -> Data {
    do {
      return Data(try InputFile.contents(of: path))
    } catch {
      if error.isMissing, !path.isEmpty { throw PlanError.missing(path: path) }
      throw error
    }
  }

  private static func decode<Value: Decodable>(
    _ data: Data, from path: String, kind: String, schema: Int
  ) throws -> Value {
    do {
      let json = try JSONValue(parsing: Array(data))
      let header = try json.decode(Header.self)
      guard header.kind == kind else { throw PlanError.wrongKind(path: path, expected: kind) }
      guard header.schema == schema else {
        throw PlanError.wrongSchema(path: path, expected: schema, found: header.schema ?? 0)
      }
      return try json.decode(Value.self)
    } catch let error as PlanError {
      throw error
    } catch let error as JSONError {
      let line = data.prefix(error.offset).count { $0 == UInt8(ascii: "\n") } + 1
      throw PlanError.unreadable(path: path, reason: "line \(line): not valid JSON: \(error)")
    } catch {
      throw PlanError.unreadable(path: path, reason: reason(error))
    }
  }

  /// One line that names the place of a decoding error.
  private static func reason(_ error: any Error) -> String {
    func place(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.reduce("") { path, key in
        path + (key.intValue == nil && !path.isEmpty ? "." : "") + key.stringValue
      }
      return path.isEmpty ? "" : path.printable + ": "
    }
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      return "\(place(context))'\(key.stringValue)' is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      return "\(place(context))\(context.debugDescription)"
    default: return (error as NSError).localizedDescription
    }
  }
}

extension Plan {
  /// More bytes than any machine has, few enough that sums and differences of them can be counted.
  public static let mostBytes = 1 << 60

  /// The number of bytes that cannot be one, or nil.
  fileprivate var brokenByteCount: String? {
    let counts = [
      ("budget_bytes", budgetBytes, 0), ("predicted_peak_bytes", predictedPeakBytes, 0),
      ("arena_bytes", arenaBytes, 0), ("mapped_bytes", mappedBytes, 0), ("runtime_bytes", runtimeBytes, 0),
      // Below zero it is what is lacking.
      ("headroom_bytes", headroomBytes, -Self.mostBytes),
    ]
    return counts.first { !($0.2...Self.mostBytes).contains($0.1) }.map { name, bytes, least in
      "\(name): \(bytes) is not within \(least)...\(Self.mostBytes); make the plan again"
    }
  }
}

// A file says whose training it is for only where that is another trainer's, so older files and newer ones are alike.

extension KeyedEncodingContainer {
  mutating func encode(_ trainer: TrainerModel, forKey key: Key) throws {
    if trainer != .permafrost { try encode(trainer.rawValue, forKey: key) }
  }
}

extension KeyedDecodingContainer {
  func decode(_: TrainerModel.Type, forKey key: Key) throws -> TrainerModel {
    guard let name = try decodeIfPresent(String.self, forKey: key) else { return .permafrost }
    guard let trainer = TrainerModel(rawValue: name) else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self,
        debugDescription: "no trainer is named \(name.quoted); known are \(TrainerModel.names)")
    }
    return trainer
  }
}
