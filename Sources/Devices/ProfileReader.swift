import Units
import Yams

/// Reads one profile from YAML text; each complaint names the file, the line and the field.
struct ProfileReader {
  /// A profile is a page of text; what is much longer is some other file.
  static let maximumBytes = 65_536

  private let file: String
  let root: Node.Mapping

  init(_ text: String, file: String) throws(DeviceError) {
    self.file = file
    guard text.utf8.count <= Self.maximumBytes else {
      throw .malformed(file: file, line: 1, field: nil, .tooLong(maximumBytes: Self.maximumBytes))
    }
    let node: Node?
    do {
      node = try compose(yaml: text)
    } catch {
      throw DeviceError(error, file: file)
    }
    guard case .mapping(let root)? = node else {
      throw .malformed(file: file, line: 1, field: nil, .notAMapping)
    }
    self.root = root
  }

  /// Reads every figure and checks that they agree with each other.
  func profile(identifier: String) throws(DeviceError) -> DeviceProfile {
    try refuseUnknownKeys(
      of: root, accepted: ["title", "notes"] + DeviceProfile.Field.allCases.map(\.rawValue))
    var sources: [DeviceProfile.Field: String] = [:]
    let total = try bytes(.totalMemory, 65_536...(1 << 42), &sources)
    let reserved = try bytes(.systemReserved, 0...(total - 1), &sources)
    let available = total - reserved
    return DeviceProfile(
      identifier: identifier,
      title: try required("title", text(root["title"], "title")),
      totalMemoryBytes: total,
      systemReservedBytes: reserved,
      perProcessLimitBytes: try optionalBytes(.perProcessLimit, 1...total, &sources),
      cleanMappedPagesCount: try flag(.cleanMappedPagesCount, &sources),
      cores: try required(
        .cores, figure(.cores, 1...1024, &sources, { Int($0) }, "a whole number of cores", { String($0) })),
      memoryBandwidthBytesPerSecond: try rate(.memoryBandwidth, 1e6...1e13, &sources, "B/s"),
      peakFLOPS: try rate(.peakFLOPS, 1e5...1e15, &sources, "FLOP/s"),
      storageReadBytesPerSecond: try rate(.storageRead, 1e4...1e12, &sources, "B/s"),
      activePowerWatts: try optionalRate(.activePower, 1e-3...1e4, &sources, "W"),
      runtimeBytes: try optionalBytes(.runtime, 0...available, &sources),
      kernels: try kernels(&sources),
      notes: try text(root["notes"], "notes"),
      sources: sources)
  }
}

// MARK: - Kinds of figures

extension ProfileReader {
  typealias Field = DeviceProfile.Field
  typealias Sources = [DeviceProfile.Field: String]

  private func bytes(_ field: Field, _ range: ClosedRange<Int>, _ sources: inout Sources) throws(DeviceError)
    -> Int
  {
    try required(field, optionalBytes(field, range, &sources))
  }

  private func optionalBytes(_ field: Field, _ range: ClosedRange<Int>, _ sources: inout Sources)
    throws(DeviceError) -> Int?
  {
    try figure(field, range, &sources, { try ByteCount.parse($0) }, "", ByteCount.formatExactly)
  }

  private func rate(_ field: Field, _ range: ClosedRange<Double>, _ sources: inout Sources, _ unit: String)
    throws(DeviceError) -> Double
  {
    try required(field, optionalRate(field, range, &sources, unit))
  }

  private func optionalRate(
    _ field: Field, _ range: ClosedRange<Double>, _ sources: inout Sources, _ unit: String
  ) throws(DeviceError) -> Double? {
    try figure(field, range, &sources, { try Quantity.parse($0, unit: unit) }, "") {
      Quantity.format($0, unit: unit)
    }
  }

  private func flag(_ field: Field, _ sources: inout Sources) throws(DeviceError) -> Bool {
    let value = try figure(
      field, 0...1, &sources, { ["false", "true"].firstIndex(of: $0) }, "true or false", { String($0) })
    return try required(field, value) == 1
  }

  /// Reads the mapping `{value: …, source: …}` of a field; nil where the profile does not give it.
  private func figure<Value: Comparable>(
    _ field: Field, _ range: ClosedRange<Value>, _ sources: inout Sources,
    _ parse: (String) throws -> Value?, _ expected: String, _ print: (Value) -> String
  ) throws(DeviceError) -> Value? {
    let name = field.rawValue
    guard let node = root[name] else { return nil }
    guard case .mapping(let mapping) = node else { throw complaint(node, name, .notAMapping) }
    try refuseUnknownKeys(of: mapping, accepted: ["value", "source"], inside: name)
    guard let value = try value(mapping["value"], name, range, parse, expected, print) else {
      throw complaint(node, name + ".value", .missing)
    }
    guard let source = try self.text(mapping["source"], name + ".source") else {
      throw complaint(node, name, .sourceMissing)
    }
    sources[field] = source
    return value
  }

  /// Reads one figure without its source; nil where there is none.
  func value<Value: Comparable>(
    _ node: Node?, _ name: String, _ range: ClosedRange<Value>, _ parse: (String) throws -> Value?,
    _ expected: String, _ print: (Value) -> String
  ) throws(DeviceError) -> Value? {
    guard let text = try text(node, name) else { return nil }
    let value: Value?
    do {
      value = try parse(text)
    } catch {
      throw complaint(node, name, .wrongValue("\(error)"))
    }
    guard let value else { throw complaint(node, name, .wrongValue("\(text.quoted) is not \(expected)")) }
    guard range.contains(value) else {
      let limits = "\(print(range.lowerBound)) to \(print(range.upperBound))"
      throw complaint(node, name, .outOfRange("\(text.quoted) is outside \(limits)"))
    }
    return value
  }
}

// MARK: - Nodes

extension ProfileReader {
  func complaint(_ node: Node?, _ field: String?, _ problem: DeviceError.Problem) -> DeviceError {
    .malformed(file: file, line: node?.mark?.line ?? root.mark?.line ?? 1, field: field, problem)
  }

  func required<Value>(_ field: Field, _ value: Value?) throws(DeviceError) -> Value {
    try required(field.rawValue, value)
  }

  func required<Value>(_ name: String, _ value: Value?) throws(DeviceError) -> Value {
    guard let value else { throw complaint(nil, name, .missing) }
    return value
  }

  /// The text of a scalar on one line, nil where there is none or it is blank.
  func text(_ node: Node?, _ name: String) throws(DeviceError) -> String? {
    guard let node else { return nil }
    guard case .scalar(let scalar) = node else { throw complaint(node, name, .notText) }
    let words = scalar.string.split(whereSeparator: \.isWhitespace)
    return words.isEmpty || node.null != nil ? nil : words.joined(separator: " ")
  }

  func refuseUnknownKeys(of mapping: Node.Mapping, accepted: [String], inside field: String? = nil)
    throws(DeviceError)
  {
    for (key, _) in mapping {
      guard case .scalar(let scalar) = key else { throw complaint(key, field, .notText) }
      guard accepted.contains(scalar.string) else {
        let path = [field, scalar.string].compactMap { $0 }.joined(separator: ".")
        throw complaint(key, path, .unknown(accepted: accepted))
      }
    }
  }
}

extension DeviceError {
  /// Keeps the place of a complaint of the YAML parser, on one line.
  fileprivate init(_ error: any Error, file: String) {
    switch error {
    case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      self = .malformed(file: file, line: mark.line, field: nil, .syntax(problem))
    case YamlError.duplicatedKeysInMapping(let names, let context):
      self = .malformed(
        file: file, line: context.mark.line, field: names.joined(separator: ", "), .givenTwice)
    default:
      self = .malformed(file: file, line: 1, field: nil, .syntax("it holds bytes that YAML text cannot hold"))
    }
  }
}
