#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension LimitPlan {
  /// The environment variable by which a child is given its plan.
  public static let environmentVariable = "PERMAFROST_LIMIT"

  /// The plan that this process was started with, or nil if it was started without one.
  ///
  /// - Throws: `LimitError.invalidPlan` if the variable does not hold one.
  public static func fromEnvironment() throws(LimitError) -> LimitPlan? {
    guard let text = getenv(environmentVariable) else { return nil }
    return try LimitPlan(encoded: String(cString: text))
  }

  /// One line: budget, mapped bytes, whether they count, resource limits, and last, for it may hold any
  /// character, the group.
  public var encoded: String {
    let limits = resourceLimits.map(\.rawValue).joined(separator: ",")
    let group = group.map { "\($0.version.rawValue):\($0.directory)" } ?? ""
    return "1 \(budget) \(mappedBytes) \(mappedBytesCounted ? "counted" : "free") \(limits) \(group)"
  }

  /// - Throws: `LimitError.invalidPlan` for anything that `encoded` does not give.
  public init(encoded text: String) throws(LimitError) {
    let fields = text.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: false)
    guard fields.count == 6, fields[0] == "1", let budget = Int(fields[1]),
      let mappedBytes = Int(fields[2]), ["counted", "free"].contains(fields[3])
    else { throw .invalidPlan(reason: "\(Self.environmentVariable) holds \"\(text)\", which is not a plan") }
    try Self.checkFigures(budget: budget, mappedBytes: mappedBytes)

    var limits: [LimitMechanism] = []
    for name in fields[4].split(separator: ",") {
      guard let mechanism = LimitMechanism(rawValue: String(name)), mechanism.controlGroup == nil else {
        throw .invalidPlan(
          reason: "\(Self.environmentVariable) names \"\(name)\", which is not a resource limit")
      }
      limits.append(mechanism)
    }
    var group: ControlGroup?
    if !fields[5].isEmpty {
      let parts = fields[5].split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let version = ControlGroup.Version(rawValue: String(parts[0])) else {
        throw .invalidPlan(
          reason: "\(Self.environmentVariable) names \"\(fields[5])\", which is not a control group")
      }
      group = ControlGroup(version: version, directory: String(parts[1]))
    }
    self.init(
      budget: budget, mappedBytes: mappedBytes, mappedBytesCounted: fields[3] == "counted", group: group,
      resourceLimits: limits)
  }
}
