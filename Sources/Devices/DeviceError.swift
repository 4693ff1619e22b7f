import Units

/// Why a device profile could not be had.
public enum DeviceError: UserFacingError, Equatable {
  /// No built-in profile has this name.
  case unknownName(String, nearest: [String])
  /// The file does not exist or cannot be read.
  case unreadableFile(String)
  /// The file is not a profile; `line` counts from 1, `field` is nil where the whole file is meant.
  case malformed(file: String, line: Int, field: String?, Problem)

  /// What is wrong with one line of a profile.
  public enum Problem: Equatable, Sendable {
    case syntax(String)
    case notAMapping
    case tooLong(maximumBytes: Int)
    case unknown(accepted: [String])
    case missing
    case givenTwice
    case notText
    case wrongValue(String)
    case outOfRange(String)
    case sourceMissing
    case noRate
    case halfOfACache
  }

  public var exitStatus: ExitStatus {
    switch self {
    case .unknownName: .usage
    case .unreadableFile: .missingInput
    case .malformed: .malformedInput
    }
  }

  public var description: String {
    switch self {
    case .unknownName(let name, let nearest):
      "no device is named \(name.quoted); nearest are \(nearest.joined(separator: ", ")); "
        + "a path to a profile of your own ends in .yaml"
    case .unreadableFile(let path):
      "cannot read the device profile \(path.quoted): no such file, or not readable"
    case .malformed(let file, let line, let field, let problem):
      // A quoted YAML key may hold line breaks; an error may not.
      "\(file):\(line): \(field.map { $0 + ": " } ?? "")\(problem.description)"
        .split(whereSeparator: \.isNewline).joined(separator: " ")
    }
  }
}

extension DeviceError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .syntax(let text): "not YAML: \(text)"
    case .notAMapping: "expected a mapping of names to values"
    case .tooLong(let maximum): "a profile is at most \(ByteCount.formatExactly(maximum)) of UTF-8 text"
    case .unknown(let accepted): "unknown field; accepted are \(accepted.joined(separator: ", "))"
    case .missing: "missing; every profile gives it"
    case .givenTwice: "given more than once, first on this line"
    case .notText: "expected one plain value, not a list or a mapping"
    case .wrongValue(let text): text
    case .outOfRange(let text): text
    case .noRate: "gives neither rate nor bandwidth; give one of them"
    case .halfOfACache: "gives one of cache and cached; give both or neither"
    case .sourceMissing: "has no source; say where the figure comes from, or 'estimate: …'"
    }
  }
}
