import Foundation
import TestSupport
import Testing

@Suite("diff")
struct DiffTests {
  /// A plan by hand, which is simulated and not searched.
  private func estimate(_ train: String, _ file: String, _ more: [String] = [], in directory: URL) throws {
    let run = try CommandLineProgram.run(
      [
        "estimate", "bert-mini", "--train", train, "--batch", "4", "--seq", "32", "--threads", "2", "--runtime",
        "25MiB", "-o", file,
      ] + more, in: directory)
    #expect(run.exitCode == 0, "\(run.standardError)")
  }

  private func edit(_ file: String, in directory: URL, _ change: (inout [String: Any]) throws -> Void) throws {
    let url = directory.appending(path: file)
    var plan = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    try change(&plan)
    try JSONSerialization.data(withJSONObject: plan).write(to: url)
  }

  private func figure(_ diff: [String: Any], _ name: String) throws -> [String: Int] {
    try #require((diff["figures"] as? [String: Any])?[name] as? [String: Int])
  }

  @Test("equal decisions exit with 0, though the files say other things beside them")
  func equal() throws {
    try withTemporaryDirectory { directory in
      try estimate("last:2", "a.json", in: directory)
      try estimate("last:2", "b.json", ["--budget", "300MiB"], in: directory)
      let run = try CommandLineProgram.run(["diff", "a.json", "b.json", "--json"], in: directory)
      let diff = try run.object()
      #expect(run.exitCode == 0 && diff["equal"] as? Bool == true)
      for name in ["begins", "ceases", "groups", "nodes", "settings"] {
        #expect((diff[name] as? [Any])?.isEmpty == true, "\(name) is not empty")
      }
      #expect(try figure(diff, "budget_bytes")["after"] == 300 << 20)
      #expect(try figure(diff, "predicted_peak_bytes")["change"] == 0)
      let text = try CommandLineProgram.run(["diff", "a.json", "b.json"], in: directory)
      #expect(text.exitCode == 0 && text.standardOutput.hasSuffix("\nBoth plans decide the same.\n"))
    }
  }

  @Test("the trainer that only one of them was made for is a setting, and no other decision")
  func target() throws {
    try withTemporaryDirectory { directory in
      for file in ["a.json", "b.json"] { try estimate("last:2", file, in: directory) }
      try edit("b.json", in: directory) { $0["target"] = "axolotl" }
      let run = try CommandLineProgram.run(["diff", "a.json", "b.json", "--json"], in: directory)
      let diff = try run.object()
      #expect(run.exitCode == 0 && diff["equal"] as? Bool == true)
      #expect(diff["settings"] as? [[String: String]] == [["name": "target", "after": "axolotl"]])
    }
  }

  @Test("savings that differ between layers are said by runs of layers")
  func savings() throws {
    try withTemporaryDirectory { directory in
      try estimate("last:2", "a.json", in: directory)
      try estimate("last:2", "b.json", ["--saving", "recompute*3,keep"], in: directory)
      let diff = try CommandLineProgram.run(["diff", "a.json", "b.json", "--json"], in: directory).object()
      #expect(
        diff["settings"] as? [[String: String]] == [
          ["name": "recipe.saving", "before": "keep", "after": "recompute ×3, keep ×1"]
        ])
    }
  }

  @Test("what begins and ceases to train is named, and bytes are those of each plan's own simulation")
  func tensors() throws {
    try withTemporaryDirectory { directory in
      try estimate("last:1", "a.json", in: directory)
      try estimate("last:2", "b.json", ["--batch", "8"], in: directory)
      let there = try CommandLineProgram.run(["diff", "a.json", "b.json", "--json"], in: directory)
      let diff = try there.object()
      #expect(there.exitCode == 1 && diff["equal"] as? Bool == false)
      let begins = try #require(diff["begins"] as? [String])
      #expect(begins.count == 16 && begins.allSatisfy { $0.hasPrefix("encoder.layer.2.") })
      #expect(diff["ceases"] as? [String] == [])
      let settings = try #require(diff["settings"] as? [[String: String]])
      #expect(settings == [["name": "recipe.batch", "before": "4", "after": "8"]])
      let nodes = try #require(diff["nodes"] as? [[String: Int]])
      #expect(nodes == [["layer": 2, "before": 0, "after": 1024, "common": 0]])
      let groups = try #require(diff["groups"] as? [[String: Any]])
      #expect(
        groups.count == 7 && groups.allSatisfy { $0["layer"] as? Int == 2 && $0["after"] as? String == "full" })

      for (file, side) in [("a.json", "before"), ("b.json", "after")] {
        let data = try Data(contentsOf: directory.appending(path: file))
        let plan = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        for name in ["predicted_peak_bytes", "arena_bytes", "mapped_bytes", "trainable_parameters"] {
          #expect(try figure(diff, name)[side] == plan[name] as? Int, "\(name) \(side)")
        }
        let estimate = try CommandLineProgram.run(
          ["estimate", "bert-mini", "--train", file, "--runtime", "25MiB", "--json"], in: directory
        ).object()
        #expect(try figure(diff, "operations")[side] == estimate["flops"] as? Int)
        let categories = try #require(diff["categories"] as? [String: [String: Int]])
        #expect(categories.compactMapValues { $0[side] } == estimate["categories"] as? [String: Int])
      }

      // The other way round everything has the other sign.
      let back = try CommandLineProgram.run(["diff", "b.json", "a.json", "--json"], in: directory).object()
      #expect(back["ceases"] as? [String] == begins)
      for name in ["predicted_peak_bytes", "operations", "trainable_parameters"] {
        let (one, other) = (try figure(diff, name)["change"], try figure(back, name)["change"])
        #expect(one != 0 && one == other.map { -$0 })
      }
    }
  }

  @Test("other nodes in the same number are a difference")
  func nodes() throws {
    try withTemporaryDirectory { directory in
      try estimate("far:1", "a.json", in: directory)
      try estimate("far:1", "b.json", in: directory)
      try edit("b.json", in: directory) { plan in
        var nodes = try #require(plan["learner_nodes"] as? [[Int]])
        #expect(nodes[1].count == 10)
        let free = try #require((0..<1024).first { !nodes[1].contains($0) })
        nodes[1][0] = free
        nodes[0].reverse()
        plan["learner_nodes"] = nodes
      }
      let run = try CommandLineProgram.run(["diff", "a.json", "b.json", "--json"], in: directory)
      let diff = try run.object()
      #expect(run.exitCode == 1 && (diff["groups"] as? [Any])?.isEmpty == true)
      #expect(diff["nodes"] as? [[String: Int]] == [["layer": 1, "before": 10, "after": 10, "common": 9]])
    }
  }

  @Test("models of other shapes are compared by the names of their groups, and their scores are not")
  func otherModel() throws {
    try withTemporaryDirectory { directory in
      try estimate("full", "a.json", in: directory)
      let tiny = [
        "estimate", "bert-tiny", "--train", "full", "--batch", "4", "--seq", "32", "--runtime", "25MiB",
      ]
      #expect(try CommandLineProgram.run(tiny + ["-o", "b.json"], in: directory).exitCode == 0)
      let run = try CommandLineProgram.run(["diff", "a.json", "b.json"], in: directory)
      #expect(run.exitCode == 1)
      for words in ["full → absent", "model.configuration.layer_count", "do not compare"] {
        #expect(run.standardOutput.contains(words), "\(words) is not said")
      }
      #expect(run.standardOutput.split(separator: "\n").allSatisfy { $0.last != " " })
    }
  }

  @Test("a plan whose decisions do not fit its own model is malformed, and named")
  func malformed() throws {
    try withTemporaryDirectory { directory in
      try estimate("head", "a.json", in: directory)
      try estimate("head", "b.json", in: directory)
      try edit("b.json", in: directory) { $0["trainable"] = ["no.such.tensor"] }
      let run = try CommandLineProgram.run(["diff", "a.json", "b.json"], in: directory)
      #expect(run.exitCode == 65 && run.errorLines.count == 1)
      #expect(run.standardError.contains("b.json") && run.standardError.contains("no.such.tensor"))
    }
  }
}
