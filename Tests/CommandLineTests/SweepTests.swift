import Foundation
import Planning
import TestSupport
import Testing

@testable import Reporting

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Arguments of a small sweep, of which one budget in three is too small.
private let smallSweep =
  "sweep bert-tiny --from 41MiB --to 90MiB --points 3 --batch 4 --seq 32 --threads 2 --runtime 25MiB --saving keep --frozen-weights f32 -q"
  .split(separator: " ").map(String.init)

/// The same on a device, which gives time.
private let deviceSweep =
  "sweep bert-tiny --device raspberry-pi-3b-plus --points 2 --batch 4 --seq 32 --runtime 25MiB --saving keep --frozen-weights f32 -q"
  .split(separator: " ").map(String.init)

/// Counts the elements of an XML file by their class.
private final class ClassCounter: NSObject, XMLParserDelegate {
  private(set) var counts: [String: Int] = [:]
  private(set) var texts = ""

  /// nil where the text is no XML.
  init?(_ text: String) {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    guard parser.parse() else { return nil }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    for name in attributes["class"]?.split(separator: " ") ?? [] { counts[String(name), default: 0] += 1 }
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) { texts += text }
}

/// Fields of CSV by RFC 4180, every line ended.
private func fields(_ text: String) -> [[String]] {
  var lines: [[String]] = [[]]
  var rest = Substring(text)
  while !rest.isEmpty {
    var field = ""
    if rest.first == "\"" {
      repeat {
        rest.removeFirst()
        field += rest.prefix { $0 != "\"" }
        rest = rest.drop { $0 != "\"" }.dropFirst()
        // A doubled mark is one of the field's own.
        if rest.first == "\"" { field += "\"" }
      } while rest.first == "\""
    } else {
      field += rest.prefix { $0 != "," && $0 != "\n" }
      rest = rest.dropFirst(field.count)
    }
    lines[lines.count - 1].append(field)
    if rest.first == "\n" { lines.append([]) }
    rest = rest.dropFirst()
  }
  return lines.dropLast()
}

private func text(_ name: String, in directory: URL) throws -> String {
  try String(contentsOf: directory.appending(path: name), encoding: .utf8)
}

@Suite("sweep and merge")
struct SweepTests {
  @Test("the table, the JSON, the CSV and the plot are of the same points, small budgets among them")
  func answers() throws {
    try withTemporaryDirectory { directory in
      let files = ["-o", "s.json", "--csv", "s.csv", "--svg", "s.svg"]
      let run = try CommandLineProgram.run(smallSweep + files + ["--json"], in: directory)
      #expect(run.exitCode == 0 && run.standardError.isEmpty)
      #expect(try contents(of: directory) == ["s.csv", "s.json", "s.svg"])
      #expect(try text("s.json", in: directory) == run.standardOutput)

      let points = try #require(try run.object()["points"] as? [[String: Any]])
      let plans = points.map { $0["plan"] as? [String: Any] }
      #expect(plans.map { $0 != nil } == [false, true, true])
      #expect(plans[2]?["objective"] as? Double == 1)
      let least = try #require(points[0]["smallest_feasible_budget_bytes"] as? Int)
      #expect(try CommandLineProgram.run(smallPlan(budget: least)).exitCode == 0)
      #expect(try CommandLineProgram.run(smallPlan(budget: least - 1)).exitCode == 1)

      let rows = fields(try text("s.csv", in: directory))
      #expect(rows.count == 4 && Set(rows.map(\.count)) == [18])
      for (row, (point, plan)) in zip(rows.dropFirst(), zip(points, plans)) {
        let fields = Dictionary(uniqueKeysWithValues: zip(rows[0], row))
        #expect(fields["budget_bytes"] == "\(point["budget_bytes"] as? Int ?? 0)")
        #expect(fields["peak_bytes"] == plan.map { "\($0["peak_bytes"] as? Int ?? 0)" } ?? "")
        #expect(fields["feasible"] == "\(plan != nil)" && fields["model"] == "bert-tiny")
      }

      let marks = try #require(ClassCounter(try text("s.svg", in: directory))).counts
      #expect(marks["mark"] == 2 && marks["infeasible"] == 2 && marks["key"] == 3)

      let lines = try CommandLineProgram.run(smallSweep).standardOutput.split(separator: "\n")
      #expect(lines.allSatisfy { $0.count <= 80 && $0.last != " " })
      #expect(lines.contains { $0.hasPrefix("41.0 MiB  infeasible") })
      #expect(lines.last == "2 of 3 points feasible, 2 on the front of score against bytes.")
    }
  }

  private func smallPlan(budget: Int) -> [String] {
    ["plan", "bert-tiny", "--budget", "\(budget)"] + smallSweep.drop { $0 != "--batch" }
  }

  @Test("every point's plan is a file that check and export take")
  func plans() throws {
    try withTemporaryDirectory { directory in
      let run = try CommandLineProgram.run(deviceSweep + ["--plans", "plans", "--svg", "s.svg"], in: directory)
      #expect(run.exitCode == 0)
      let folder = directory.appending(path: "plans")
      let names = try contents(of: folder)
      #expect(names.count == 2)
      for name in names {
        #expect(name.contains("bert-tiny_raspberry-pi-3b-plus_"))
        let check = try CommandLineProgram.run(["check", name, "--runtime", "25MiB"], in: folder)
        #expect(check.exitCode == 0, "\(check.standardOutput)")
        let export = try CommandLineProgram.run(["export", name, "--to", "pytorch", "-o", "p.py"], in: folder)
        #expect(export.exitCode == 0, "\(export.standardError)")
      }
      // Both points in each of two panels.
      #expect(ClassCounter(try text("s.svg", in: directory))?.counts["mark"] == 4)
    }
  }

  @Test("shards merge to the very files of one run, and are marked as parts until then")
  func shards() throws {
    try withTemporaryDirectory { directory in
      func files(_ name: String) -> [String] {
        ["-o", "\(name).json", "--csv", "\(name).csv", "--svg", "\(name).svg"]
      }
      let one = try CommandLineProgram.run(smallSweep + files("one") + ["--jobs", "3"], in: directory)
      for index in 1...2 {
        let arguments = ["--shard", "\(index)/2", "-o", "\(index).json", "--jobs", "1"]
        let run = try CommandLineProgram.run(smallSweep + arguments, in: directory)
        #expect(run.exitCode == 0 && run.standardOutput.contains("Shard \(index)/2: "))
      }
      let merge = ["merge", "2.json", "1.json"] + files("both")
      let merged = try CommandLineProgram.run(merge, in: directory)
      #expect(merged.exitCode == 0 && merged.standardOutput == one.standardOutput)
      for kind in ["json", "csv", "svg"] {
        #expect(try text("both.\(kind)", in: directory) == text("one.\(kind)", in: directory))
      }
      // A whole sweep merges to itself.
      let again = try CommandLineProgram.run(["merge", "one.json", "--json"], in: directory)
      #expect(try again.standardOutput == text("one.json", in: directory))
    }
  }

  @Test("a sweep with a step's time at some points only is malformed, and nothing is written of it")
  func timesOfSome() throws {
    try withTemporaryDirectory { directory in
      for (arguments, change) in [(smallSweep, 0.5 as Double?), (deviceSweep, nil)] {
        let sweep = try CommandLineProgram.run(arguments + ["-o", "s.json"], in: directory)
        #expect(sweep.exitCode == 0)
        try edit("s.json", in: directory) { $0["estimated_step_seconds"] = change }
        let run = try CommandLineProgram.run(
          ["merge", "s.json", "--csv", "s.csv", "-o", "m.json"], in: directory)
        #expect(run.hasExited && run.exitCode == 65 && run.errorLines.count == 1)
        #expect(run.standardError.contains("s.json") && run.standardError.contains("estimated_step_seconds"))
        #expect(try contents(of: directory) == ["s.json"])
      }
    }
  }

  @Test("a table's cells stand under their titles whatever a point says")
  func cells() throws {
    try withTemporaryDirectory { directory in
      for (arguments, change) in [(smallSweep, 0.5 as Double?), (deviceSweep, nil)] {
        _ = try CommandLineProgram.run(arguments + ["-o", "s.json"], in: directory)
        try edit("s.json", in: directory) { $0["estimated_step_seconds"] = change }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let sweep = try decoder.decode(
          Sweep.self, from: Data(contentsOf: directory.appending(path: "s.json")))
        let lines = SweepReport(sweep).text(TextStyle(columns: 100)).split(separator: "\n")
        let titles = lines[1]
        let column = try #require(titles.range(of: "saving")).lowerBound.utf16Offset(in: titles)
        let last = try #require(lines.last { $0.contains("keep") })
        #expect(last.dropFirst(column).hasPrefix("keep"), "\(lines)")
      }
    }
  }

  /// Changes the last point's plan in a sweep's file.
  private func edit(_ name: String, in directory: URL, _ change: (inout [String: Any]) -> Void) throws {
    let file = directory.appending(path: name)
    var sweep = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    var points = try #require(sweep["points"] as? [[String: Any]])
    var plan = try #require(points.last?["plan"] as? [String: Any])
    change(&plan)
    points[points.count - 1]["plan"] = plan
    sweep["points"] = points
    try JSONSerialization.data(withJSONObject: sweep).write(to: file)
  }

  @Test("where nothing fits anywhere the answer is no")
  func infeasible() throws {
    let arguments = smallSweep + ["--from", "30MiB", "--to", "41MiB"]
    let run = try CommandLineProgram.run(arguments)
    #expect(run.exitCode == 1 && run.standardOutput.contains("Nothing fits below 41.9 MiB"))
    #expect(try CommandLineProgram.run(arguments + ["--shard", "1/2"]).exitCode == 0)
  }

  @Test("a model's odd name is one field of the CSV and text of the plot")
  func oddName() throws {
    try withTemporaryDirectory { directory in
      let name = "a, \"b\" & <c>"
      let folder = directory.appending(path: name)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let configuration = """
        {"model_type": "bert", "vocab_size": 50, "hidden_size": 16, "intermediate_size": 20, "num_hidden_layers": 1,
         "num_attention_heads": 2, "max_position_embeddings": 32, "type_vocab_size": 2}
        """
      try Data(configuration.utf8).write(to: folder.appending(path: "config.json"))
      let run = try CommandLineProgram.run(
        ["sweep", "./\(name)", "--points", "1", "--csv", "s.csv", "--svg", "s.svg"]
          + smallSweep.drop { $0 != "--batch" }, in: directory)
      #expect(run.exitCode == 0, "\(run.standardError)")
      let rows = fields(try text("s.csv", in: directory))
      #expect(rows.count == 2 && rows[1].count == 18 && rows[1][1].hasSuffix(name))
      #expect(try #require(ClassCounter(try text("s.svg", in: directory))).texts.contains(name))
    }
  }

  @Test("what XML forbids is replaced")
  func escapes() throws {
    let document = XMLTag("text", ["class": "\u{1}\"<"], text: "\u{0}\u{FFFF}<&\u{1F600}]]>").document
    let parsed = try #require(ClassCounter(document))
    #expect(parsed.texts == "\u{FFFD}\u{FFFD}<&\u{1F600}]]>" && parsed.counts == ["\u{FFFD}\"<": 1])
  }

  @Test("axes hold every value between ticks of 1, 2 or 5", arguments: 0..<100)
  func axes(seed: Int) {
    var generator = SeededGenerator(seed: seed)
    let scale = Double(sign: .plus, exponent: Int.random(in: -10...40, using: &generator), significand: 1)
    let values = (0..<Int.random(in: 1...9, using: &generator)).map { _ in
      scale * Double.random(in: generator.pick([0...1, 0.9...1, 0.001...1]), using: &generator)
    }
    let axis = PlotAxis("", values: values, units: [("B", 1), ("KiB", 1024.0), ("MiB", 1_048_576.0)])
    #expect((2...30).contains(axis.ticks.count), "seed \(seed): \(axis.ticks)")
    let positions = values.map(axis.position)
    #expect(positions.allSatisfy { (-1e-6...1 + 1e-6).contains($0) }, "seed \(seed): \(positions)")
    let labels = axis.ticks.map(axis.label)
    #expect(Set(labels).count == labels.count, "seed \(seed): \(labels)")
    for label in labels {
      let digits = label.filter { ("1"..."9").contains($0) }
      #expect(label.count < 12 && digits.count <= 5, "seed \(seed): \(labels)")
    }
  }
}
