import Files
import Foundation

/// The files that make up a checkpoint: `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
enum SafetensorsIndex {
  static let singleFile = "model.safetensors"
  static let indexFile = "model.safetensors.index.json"

  static func exists(in directory: URL) -> Bool {
    [singleFile, indexFile].contains {
      FileManager.default.fileExists(atPath: directory.appendingPathComponent($0).path)
    }
  }

  /// Opens and checks them all; where both forms exist the single file wins, as in transformers.
  ///
  /// - Throws: `FileError`, `SafetensorsError`, `CheckpointError`.
  static func files(in directory: URL) throws -> [SafetensorsFile] {
    let single = directory.appendingPathComponent(singleFile)
    if FileManager.default.fileExists(atPath: single.path) { return [try SafetensorsFile(single)] }
    let index = directory.appendingPathComponent(indexFile)
    guard FileManager.default.fileExists(atPath: index.path) else {
      throw CheckpointError(path: directory.path, reason: .noWeights)
    }
    return try shards(index, directory)
  }

  private static func shards(_ index: URL, _ directory: URL) throws -> [SafetensorsFile] {
    func failure(_ reason: CheckpointError.Reason) -> CheckpointError {
      CheckpointError(path: index.path, reason: reason)
    }
    let shardsByTensor = try weightMap(index)
    let names = Set(shardsByTensor.values).sorted()
    for name in names where name.isEmpty || name.contains("/") || name == "." || name == ".." {
      throw failure(.shardOutsideDirectory(name))
    }
    var holders: [String: String] = [:]
    let files = try names.map { name in
      let file = try SafetensorsFile(directory.appendingPathComponent(name))
      for tensor in file.names {
        if let other = holders.updateValue(name, forKey: tensor) {
          throw failure(.inTwoShards(tensor: tensor, other, name))
        }
      }
      return file
    }
    for (tensor, shard) in shardsByTensor.sorted(by: { $0.key < $1.key }) where holders[tensor] != shard {
      throw failure(.notInShard(tensor: tensor, shard: shard))
    }
    for (tensor, shard) in holders.sorted(by: { $0.key < $1.key }) where shardsByTensor[tensor] == nil {
      throw failure(.notInIndex(tensor: tensor, shard: shard))
    }
    return files
  }

  private static func weightMap(_ index: URL) throws -> [String: String] {
    func failure(_ what: String) -> CheckpointError {
      CheckpointError(path: index.path, reason: .invalidIndex(what))
    }
    let json: JSONValue
    do {
      json = try JSONValue(parsing: RegularFile.contents(of: index.path))
    } catch let error as JSONError {
      throw failure(error.description)
    }
    guard case .object(let root) = json, case .object(let map) = root["weight_map"] else {
      throw failure("weight_map is not an object")
    }
    return try Dictionary(
      uniqueKeysWithValues: map.members.map { member in
        guard case .string(let shard) = member.value else {
          throw failure("the shard of tensor \(member.key) is not a string")
        }
        return (member.key, shard)
      })
  }
}
