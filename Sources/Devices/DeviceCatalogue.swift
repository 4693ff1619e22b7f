import Foundation
import Units

/// The devices known by name, and those that users describe in files of their own.
public enum DeviceCatalogue {
  /// The names of the built-in profiles, sorted.
  public static let names = embeddedProfiles.keys.sorted()

  /// Every built-in profile, in the order of `names`.
  public static func builtIn() throws(DeviceError) -> [DeviceProfile] {
    var profiles: [DeviceProfile] = []
    for name in names { profiles.append(try load(nameOrPath: name)) }
    return profiles
  }

  /// Loads a built-in profile by its name, or a profile of the user's own by a path that ends in `.yaml` or `.yml`
  /// or has a slash in it.
  ///
  ///     try DeviceCatalogue.load(nameOrPath: "raspberry-pi-zero-2w").budgetBytes
  ///     try DeviceCatalogue.load(nameOrPath: "boards/mine.yaml")
  ///
  /// - Throws: `DeviceError.unknownName` with the nearest names, `.unreadableFile`, or `.malformed` with file, line
  ///   and field.
  public static func load(nameOrPath: String) throws(DeviceError) -> DeviceProfile {
    if isPath(nameOrPath) { return try load(path: nameOrPath) }
    guard let bytes = embeddedProfiles[nameOrPath] else {
      throw .unknownName(nameOrPath, nearest: nearestNames(to: nameOrPath))
    }
    return try parse(String(decoding: bytes, as: UTF8.self), file: nameOrPath + ".yaml", identifier: nameOrPath)
  }

  /// Whether a text names a file rather than a built-in profile.
  public static func isPath(_ text: String) -> Bool {
    text.contains("/") || text.hasSuffix(".yaml") || text.hasSuffix(".yml")
  }

  /// Reads a profile from the text of its file; `file` stands in complaints.
  public static func parse(_ text: String, file: String, identifier: String) throws(DeviceError)
    -> DeviceProfile
  {
    try ProfileReader(text, file: file).profile(identifier: identifier)
  }

  private static func load(path: String) throws(DeviceError) -> DeviceProfile {
    guard let data = FileManager.default.contents(atPath: path) else { throw .unreadableFile(path) }
    guard data.count <= ProfileReader.maximumBytes, let text = String(data: data, encoding: .utf8) else {
      throw .malformed(file: path, line: 1, field: nil, .tooLong(maximumBytes: ProfileReader.maximumBytes))
    }
    let identifier = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    return try parse(text, file: path, identifier: identifier)
  }

  /// The three names that a mistyped one most likely means: first those that contain it, then by edit distance.
  static func nearestNames(to name: String) -> [String] {
    let wanted = name.lowercased()
    func distance(_ candidate: String) -> Int {
      candidate.contains(wanted) ? 0 : editDistance(candidate, wanted)
    }
    return Array(names.map { (distance($0), $0) }.sorted { $0 < $1 }.prefix(3).map(\.1))
  }

  /// The Levenshtein distance: the fewest insertions, deletions and substitutions from one text to the other.
  static func editDistance(_ first: String, _ second: String) -> Int {
    let second = Array(second.unicodeScalars)
    var row = Array(0...second.count)
    for scalar in first.unicodeScalars {
      var diagonal = row[0]
      row[0] += 1
      for column in second.indices {
        let substitution = diagonal + (scalar == second[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(substitution, row[column] + 1, row[column + 1] + 1)
      }
    }
    return row[second.count]
  }
}
