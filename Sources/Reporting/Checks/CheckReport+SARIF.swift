import Foundation

extension CheckReport {
  /// The failed checks as a SARIF 2.1.0 log (OASIS), which code scanning shows beside the plan's file.
  ///
  /// - Parameter version: this program's.
  public func sarif(version: String) throws -> String {
    let rules = CheckRule.allCases
    let results = plans.flatMap { plan in
      plan.failures.map { check in
        SARIF.Result(
          ruleId: check.name.rawValue, ruleIndex: rules.firstIndex(of: check.name) ?? 0, level: "error",
          message: SARIF.Message(text: check.detail),
          locations: [.init(physicalLocation: .init(Self.path(plan.plan), line: check.line))])
      }
    }
    let driver = SARIF.Driver(
      name: "permafrost", version: version,
      rules: rules.map { SARIF.Rule(id: $0.rawValue, shortDescription: SARIF.Message(text: $0.promise)) })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let log = SARIF(runs: [.init(tool: .init(driver: driver), results: results)])
    return String(decoding: try encoder.encode(log), as: UTF8.self) + "\n"
  }
}

/// As much of the format as is written here; names are the standard's.
private struct SARIF: Encodable {
  let schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
  let version = "2.1.0"
  let runs: [Run]

  enum CodingKeys: String, CodingKey {
    case schema = "$schema"
    case version, runs
  }

  struct Run: Encodable {
    let tool: Tool
    let results: [Result]
  }

  struct Tool: Encodable { let driver: Driver }

  struct Driver: Encodable {
    let name: String
    let version: String
    let rules: [Rule]
  }

  struct Rule: Encodable {
    let id: String
    let shortDescription: Message
  }

  struct Message: Encodable { let text: String }

  struct Result: Encodable {
    let ruleId: String
    let ruleIndex: Int
    let level: String
    let message: Message
    let locations: [Location]
  }

  struct Location: Encodable { let physicalLocation: PhysicalLocation }

  struct PhysicalLocation: Encodable {
    let artifactLocation: ArtifactLocation
    let region: Region

    init(_ path: String, line: Int) {
      artifactLocation = ArtifactLocation(path)
      region = Region(startLine: line)
    }
  }

  struct Region: Encodable { let startLine: Int }

  struct ArtifactLocation: Encodable {
    let uri: String
    /// The repository's root, by its usual name; nil where the path is absolute.
    let uriBaseId: String?

    init(_ path: String) {
      // All but the unreserved characters of RFC 3986 is encoded, so nothing is taken for a scheme or a query.
      let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
      let encoded = path.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
      uri = path.hasPrefix("/") ? "file://\(encoded)" : encoded
      uriBaseId = path.hasPrefix("/") ? nil : "%SRCROOT%"
    }
  }
}
