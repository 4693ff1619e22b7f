import Checkpoints
import Files
import Foundation

/// A run's folder: the checkpoint of its newest step, and of its best evaluation where that is kept.
public struct RunFolder: Sendable {
  public let path: String

  public init(_ path: String) { self.path = path }

  /// The steps whose checkpoints are there whole, rising.
  private var steps: [Int] {
    names.compactMap { name in
      guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix) else { return nil }
      return Int(name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count))
    }.sorted()
  }

  private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }

  private static let prefix = "step-"
  private static let suffix = ".checkpoint"

  func file(step: Int) -> String { "\(path)/\(Self.prefix)\(step)\(Self.suffix)" }

  var bestFile: String { "\(path)/best\(Self.suffix)" }

  /// The newest step's file.
  ///
  /// - Throws: `RunCheckpointError.noCheckpoint`.
  func newest() throws -> String {
    guard let step = steps.last else { throw RunCheckpointError.noCheckpoint(directory: path) }
    return file(step: step)
  }

  /// Whether a run may begin here, or go on, to be asked before long work.
  ///
  /// - Throws: `RunCheckpointError`.
  public func check(resumes: Bool) throws {
    if resumes {
      _ = try newest()
    } else if let step = steps.last {
      throw RunCheckpointError.folderInUse(directory: path, step: step)
    }
  }

  /// Makes the folder where there is none, and removes what a killed process left half written.
  ///
  /// - Throws: `FileError`.
  func open() throws {
    try makeDirectory(path)
    for name in names where name.hasSuffix(SettledFile.partialName(of: Self.suffix)) {
      unlink("\(path)/\(name)")
    }
  }

  /// Removes the checkpoints of all steps but one.
  func removeAll(but step: Int) {
    for other in steps where other != step { unlink(file(step: other)) }
  }
}
