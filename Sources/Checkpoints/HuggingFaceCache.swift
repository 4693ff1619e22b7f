import Files
import Foundation

/// The directory where Hugging Face's tools keep what they download.
///
/// The layout and the variables that place it: huggingface_hub, "Understand caching"
/// (https://huggingface.co/docs/huggingface_hub/guides/manage-cache) and `huggingface_hub/constants.py`.
struct HuggingFaceCache {
  let directory: URL

  init(environment: [String: String]) {
    func path(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    func expanding(_ path: String) -> URL {
      let home = environment["HOME"] ?? NSHomeDirectory()
      guard path == "~" || path.hasPrefix("~/") else { return URL(fileURLWithPath: path) }
      return URL(fileURLWithPath: home + path.dropFirst())
    }
    if let hub = path("HF_HUB_CACHE") {
      directory = expanding(hub)
    } else if let home = path("HF_HOME") {
      directory = expanding(home).appendingPathComponent("hub")
    } else {
      directory = expanding(path("XDG_CACHE_HOME") ?? "~/.cache").appendingPathComponent("huggingface/hub")
    }
  }

  /// The current snapshot of a repository named `org/name`, or `name` where one organisation only has it.
  func snapshot(of name: String) -> URL? {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
      return nil
    }
    if let snapshot = snapshot(inFolder: Self.prefix + parts.joined(separator: "--")) { return snapshot }
    guard parts.count == 1 else { return nil }
    let folders = repositories().filter { $0.hasSuffix("/" + name) }.compactMap {
      snapshot(inFolder: Self.prefix + $0.replacingOccurrences(of: "/", with: "--"))
    }
    return folders.count == 1 ? folders[0] : nil
  }

  /// The names of all repositories of models, sorted.
  func repositories() -> [String] {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    return folders.filter { $0.hasPrefix(Self.prefix) }
      .map { $0.dropFirst(Self.prefix.count).replacingOccurrences(of: "--", with: "/") }
      .sorted()
  }

  private static let prefix = "models--"

  /// `refs/main` names the snapshot.
  private func snapshot(inFolder folder: String) -> URL? {
    let repository = directory.appendingPathComponent(folder)
    guard
      let reference = try? RegularFile.contents(
        of: repository.appendingPathComponent("refs/main").path, limit: 256)
    else {
      return nil
    }
    let revision = String(decoding: reference, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    guard !revision.isEmpty, revision.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
      return nil
    }
    let snapshot = repository.appendingPathComponent("snapshots").appendingPathComponent(revision)
    let configuration = snapshot.appendingPathComponent(ModelSource.configurationFile)
    return FileManager.default.fileExists(atPath: configuration.path) ? snapshot : nil
  }
}
