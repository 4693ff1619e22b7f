import Foundation
import Reporting
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What pipelines read, for plans with any name.
@Suite("check, the forms that pipelines read")
struct CheckFormatTests {
  /// Markup, quotes, commands, line ends, an escape, a change of direction, and what no XML document may hold.
  static let names = [
    "plans/a.json", "./plans//a b.json", "/tmp/a%20b.json", "C:\\a.json", "a&amp;<b>\"'c'.json",
    "]]><!--x--><?y?>",
    "a|b`c`*d*_e_[f](g)$h$~i~#j.json", "::error file=x,title=y::z", "a\n::error::b\r\tc",
    "\u{1}\u{7F}\u{FFFE}\u{202E}",
    "ä/日本/🙂.json", "a?b#c:d.json", "%25%0A%2C", "",
  ]

  private func report(_ name: String) -> CheckReport {
    CheckReport([
      PlanCheck(path: name, text: "", otherSchema: 1), PlanCheck(path: "b", text: "", otherSchema: 7),
    ])
  }

  /// A name as an XML document can hold it.
  private func xmlText(_ name: String) -> String {
    String(
      String.UnicodeScalarView(
        name.unicodeScalars.map { ["\u{1}", "\u{FFFE}"].contains($0) ? "\u{FFFD}" : $0 }))
  }

  /// Elements of `junit-10.xsd` that are written here, with the attributes it allows them and those it demands.
  private static let schema: [String: (parents: [String], allowed: Set<String>, demanded: Set<String>)] = [
    "testsuites": ([], ["name", "time", "tests", "failures", "errors"], []),
    "testsuite": (
      ["testsuites"],
      [
        "name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id",
        "package", "file", "log", "url",
      ], ["name", "tests", "failures", "errors"]
    ),
    "testcase": (["testsuite"], ["name", "time", "classname", "group"], ["name"]),
    "failure": (["testcase"], ["type", "message"], []),
    "system-out": (["testcase"], [], []),
  ]

  private func checkShape(_ element: XMLElement, in parent: String?) throws {
    let name = try #require(element.name)
    let rule = try #require(Self.schema[name], "\(name) is not in the schema")
    #expect(parent.map(rule.parents.contains) ?? rule.parents.isEmpty, "\(name) within \(parent ?? "nothing")")
    let attributes = Set((element.attributes ?? []).compactMap(\.name))
    #expect(attributes.isSubset(of: rule.allowed) && rule.demanded.isSubset(of: attributes))
    for case let child as XMLElement in element.children ?? [] { try checkShape(child, in: name) }
  }

  @Test("JUnit's XML has the schema's shape and gives every name back", arguments: names)
  func junit(name: String) throws {
    let document = try XMLDocument(data: Data(report(name).junit.utf8))
    let root = try #require(document.rootElement())
    try checkShape(root, in: nil)
    #expect(root.attribute(forName: "tests")?.stringValue == "2")
    #expect(root.attribute(forName: "failures")?.stringValue == "2")
    let suite = try #require(root.elements(forName: "testsuite").first)
    #expect(suite.attribute(forName: "name")?.stringValue == xmlText(name))
    let test = try #require(suite.elements(forName: "testcase").first)
    #expect(test.attribute(forName: "classname")?.stringValue == xmlText(name))
    let message = test.elements(forName: "failure").first?.attribute(forName: "message")?.stringValue
    #expect(message?.hasPrefix("schema 1, but this program reads schema") == true)
  }

  @Test("SARIF names rule, line and file, whose address leads back to the path", arguments: names)
  func sarif(name: String) throws {
    let data = Data(try report(name).sarif(version: "1.2.3").utf8)
    let log = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(log["version"] as? String == "2.1.0")
    let run = try #require((log["runs"] as? [[String: Any]])?.first)
    let driver = try #require((run["tool"] as? [String: Any])?["driver"] as? [String: Any])
    #expect(driver["name"] as? String == "permafrost" && driver["version"] as? String == "1.2.3")
    let rules = try #require(driver["rules"] as? [[String: Any]]).compactMap { $0["id"] as? String }
    #expect(rules == CheckRule.allCases.map(\.rawValue))
    let results = try #require(run["results"] as? [[String: Any]])
    #expect(results.count == 2)
    #expect(rules[try #require(results[0]["ruleIndex"] as? Int)] == results[0]["ruleId"] as? String)

    let locations = try #require(results[0]["locations"] as? [[String: Any]])
    let place = try #require(locations.first?["physicalLocation"] as? [String: Any])
    #expect((place["region"] as? [String: Any])?["startLine"] as? Int == 1)
    let artifact = try #require(place["artifactLocation"] as? [String: Any])
    let uri = try #require(artifact["uri"] as? String)
    #expect(uri.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !uri.contains("?") && !uri.contains("#"))
    let isAbsolute = name.hasPrefix("/")
    #expect(uri.hasPrefix("file:///") == isAbsolute && (artifact["uriBaseId"] == nil) == isAbsolute)
    let path = name.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    #expect((isAbsolute ? String(uri.dropFirst(8)) : uri).removingPercentEncoding == path)
  }

  @Test("an annotation is one command on one line, and gives every name back", arguments: names)
  func annotations(name: String) throws {
    let lines = report(name).gitHubAnnotations.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 3 && lines[2].isEmpty)
    // As the runner reads a command: properties up to the next two colons, cut at commas.
    let line = try #require(lines.first)
    #expect(line.hasPrefix("::error ") && !line.contains("\r"))
    let parts = line.dropFirst("::error ".count).split(separator: "::", maxSplits: 1)
    let properties = parts[0].split(separator: ",").map { $0.split(separator: "=", maxSplits: 1) }
    #expect(properties.map { $0[0] } == ["file", "line", "title"])
    let file = properties[0].count > 1 ? String(properties[0][1]) : ""
    let escapes = [("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")]
    let read = escapes.reduce(file) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    let path = name.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    #expect(read == (name.hasPrefix("/") ? "/" : "") + path)
    #expect(parts[1].hasPrefix("schema 1, but this program reads schema"))
  }

  @Test("the summary keeps its table, whatever a name holds", arguments: names)
  func summary(name: String) throws {
    let lines = report(name).markdown.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0] == "## Permafrost: 0 of 2 plans are valid.")
    let rows = lines.filter { $0.hasPrefix("|") }
    #expect(rows.count == 4)
    for row in rows {
      // Bars that are no cell's text.
      let bars = row.replacingOccurrences(of: "\\\\", with: "").replacingOccurrences(of: "\\|", with: "")
      #expect(bars.filter { $0 == "|" }.count == 8)
      #expect(!row.contains("<") && !row.contains("\r"))
    }
    #expect(lines.filter { $0.hasPrefix("### ") }.count == 2)
  }

  @Test("in text a plan's name is one line, without what a terminal would obey", arguments: names)
  func text(name: String) {
    let lines = report(name).text(TextStyle(columns: 1000)).split(
      separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 7)
    let obeyed = lines.joined().unicodeScalars.filter {
      [.control, .format].contains($0.properties.generalCategory)
    }
    #expect(obeyed.isEmpty)
  }
}
